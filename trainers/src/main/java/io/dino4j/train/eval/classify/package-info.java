/**
 * Protocols that classify images by their frozen features: nearest neighbours, linear heads, logistic regression, few examples. Start at
 * {@link io.dino4j.train.eval.classify.KnnProtocol}.
 */
package io.dino4j.train.eval.classify;
