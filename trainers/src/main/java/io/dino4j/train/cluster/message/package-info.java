/**
 * What workers and the servers of a run's parameters say to each other: small typed messages ({@link
 * io.dino4j.train.cluster.message.Message}), how they lie in a frame ({@link io.dino4j.train.cluster.message.Codec}), and how gradients are
 * packed ({@link io.dino4j.train.cluster.message.GradientEncoding}). Everything that is read is checked against the frame and against
 * {@link io.dino4j.train.cluster.message.Limits} before memory is taken. Nothing here knows how frames travel.
 */
package io.dino4j.train.cluster.message;
