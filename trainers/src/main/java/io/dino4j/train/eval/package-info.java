/**
 * How good features are, without training anything on them: weighted nearest neighbours, and the same on raw pixels as the
 * bar to clear. Start at {@link io.dino4j.train.eval.KnnClassifier}. Knows features and labels only, no models.
 */
package io.dino4j.train.eval;
