package io.dino4j.train.cluster.wire;

/**
 * A client that knows the key and asks to be connected.
 *
 * @param name of its process
 * @param version of its program, the server's own
 * @param configHash of its run
 * @param remote where it comes from, for messages
 */
public record Hello(String name, String version, String configHash, String remote) {}
