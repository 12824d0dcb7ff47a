/**
 * Protocols that say something of every pixel from frozen patch tokens: semantic segmentation and depth by linear heads, objects followed through videos. Start at {@link
 * io.dino4j.train.eval.dense.SegmentationProtocol} and {@link io.dino4j.train.eval.dense.DepthProtocol}; {@link
 * io.dino4j.train.eval.dense.Segmenter} is what an application needs.
 */
package io.dino4j.train.eval.dense;
