/**
 * Authenticated, ordered, length-limited frames between one server process and its clients, over Aeron: UDP between machines, shared
 * memory between processes of one machine. Start at {@link io.dino4j.train.cluster.wire.Wire}. What a frame means is not known here.
 */
package io.dino4j.train.cluster.wire;
