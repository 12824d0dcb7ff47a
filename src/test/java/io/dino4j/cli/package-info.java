/**
 * The command line as a user meets it: in this process where that is enough, as processes that are killed where it is
 * not. Processes are tagged {@code process}.
 */
package io.dino4j.cli;
