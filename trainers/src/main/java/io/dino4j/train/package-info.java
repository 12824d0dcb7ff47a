/**
 * Self-supervised pre-training: {@link io.dino4j.train.SslModel} is one step without the update, {@link io.dino4j.train.Pretrainer} the
 * loop around it.
 */
package io.dino4j.train;
