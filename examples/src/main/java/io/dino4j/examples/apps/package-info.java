/** Small applications to read, copy and change; each is a main class of its own. {@code DINO4J_MAIN=<class> ./dino4j ...} runs one. */
package io.dino4j.examples.apps;
