/**
 * What is evaluated, and its features of images, which are worked out once and kept. Start at {@link
 * io.dino4j.train.eval.feature.FeatureCache}. Knows no labels' meaning and no protocol.
 */
package io.dino4j.train.eval.feature;
