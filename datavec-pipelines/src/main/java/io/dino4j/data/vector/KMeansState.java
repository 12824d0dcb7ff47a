package io.dino4j.data.vector;

/**
 * All that a run of k-means needs to go on, between two iterations.
 *
 * @param iteration iterations done
 * @param centroids {@code [K, D]}
 * @param assignment {@code [N]} clusters before the centroids moved last; empty with batches or at the start
 * @param sums {@code [K, D]} of all batches so far, times 2^30; empty without batches
 * @param objective so far
 */
public record KMeansState(int iteration, float[] centroids, int[] assignment, long[] sums, double[] objective) {}
