/**
 * Protocols that say something of every pixel by linear heads on frozen patch tokens: semantic segmentation and depth. Start at {@link
 * io.dino4j.train.eval.dense.SegmentationProtocol} and {@link io.dino4j.train.eval.dense.DepthProtocol}; {@link
 * io.dino4j.train.eval.dense.Segmenter} is what an application needs.
 */
package io.dino4j.train.eval.dense;
