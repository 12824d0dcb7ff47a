/** The command line, {@code ./dino4j}: one class a command. Start at {@link io.dino4j.examples.cli.Main}. */
package io.dino4j.examples.cli;
