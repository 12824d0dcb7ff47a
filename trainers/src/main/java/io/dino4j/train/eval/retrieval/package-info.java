/**
 * Protocols that search images by the cosine of frozen features: views of the same place, altered copies. Nothing is trained. Start at {@link
 * io.dino4j.train.eval.retrieval.RetrievalProtocol} and {@link io.dino4j.train.eval.retrieval.CopiesProtocol}; the metrics are in {@code
 * Ranking} and {@code PairRanking}, which know no images.
 */
package io.dino4j.train.eval.retrieval;
