/** Servers and workers of a run as processes: what joins messages, transport and the state of a server. */
package io.dino4j.train.cluster;
