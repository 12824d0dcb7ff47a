package io.dino4j.data.curation;

import io.dino4j.data.Progress;
import io.dino4j.data.vector.CellNeighbors;
import io.dino4j.data.vector.Clustering;
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.KMeans;
import io.dino4j.data.vector.KMeansConfig;
import io.dino4j.data.vector.KMeansFile;
import io.dino4j.data.vector.NeighborSearch;
import java.io.IOException;
import java.nio.file.Path;

/**
 * How the nearest rows of a set are looked for: among all of its rows, or among those of the clusters nearest to each query, which misses hardly
 * any near-duplicate and takes time by {@code N √N} where the first takes {@code N N}.
 *
 * @param method among which rows
 * @param probes clusters that a query is looked for in, 1 or more; all of them make it exact
 * @param seed of the clusters
 */
public record SearchRule(Method method, int probes, long seed) {
    /** Clusters looked at: of pairs at a cosine of 0.7 to 0.99 among a million vectors nearly all are found, see docs/copies.md. */
    public static final int PROBES = 8;

    /**
     * Most pairs of a query and a row that {@link Method#AUTO} compares all: 200,000 images with each other. About two minutes on two processors;
     * from there on clusters are faster by more than it costs to make them.
     */
    public static final long MOST_EXACT = 40_000_000_000L;

    /** Passes of k-means: the clusters serve to find near rows, and need not settle for it. */
    private static final int ITERATIONS = 10;

    /** Among which rows is searched. */
    public enum Method {
        /** Exactly up to {@link SearchRule#MOST_EXACT}, beyond within clusters. */
        AUTO,
        /** All of them. */
        EXACT,
        /** Those of the nearest clusters. */
        CELLS
    }

    /** Checks the number of clusters. */
    public SearchRule {
        if (probes < 1) {
            throw new IllegalArgumentException("clusters that are looked at must be 1 or more, got " + probes);
        }
    }

    /**
     * As the sizes suggest.
     *
     * @param seed of the clusters, if there are any
     */
    public static SearchRule usual(long seed) {
        return new SearchRule(Method.AUTO, PROBES, seed);
    }

    /**
     * Whether all rows are looked at.
     *
     * @param queries number of queries, from 0
     * @param rows number of rows searched in, from 0
     */
    public boolean isExact(long queries, long rows) {
        return method == Method.EXACT || method == Method.AUTO && queries * rows <= MOST_EXACT;
    }

    /**
     * Number of clusters that rows are searched in: about the root of their number, so that finding the clusters and looking through them take times of
     * one order.
     *
     * @param rows from 1
     */
    public static int clusters(int rows) {
        return Math.max(1, (int) Math.round(Math.sqrt(rows)));
    }

    /**
     * What is done, in words that tell all that the result depends on.
     *
     * @param queries number of queries
     * @param rows number of rows searched in
     */
    String describe(int queries, int rows) {
        return isExact(queries, rows)
                ? "exact"
                : "within the %d nearest of %d clusters, seed %d"
                        .formatted(Math.min(probes, clusters(rows)), clusters(rows), seed);
    }

    /**
     * Makes ready to search in a set; clusters are made here, from where an interrupted run stopped.
     *
     * @param set searched in
     * @param blocks who works
     * @param queries number of queries there will be
     * @param k neighbours of a query
     * @param least similarity that counts
     * @param folder keeps the state of the clusters
     */
    NeighborSearch open(
            EmbeddingSet set, BlocksOf blocks, int queries, int k, float least, Path folder, Progress progress)
            throws IOException {
        if (isExact(queries, set.size())) {
            return new ExactNeighbors(blocks.of(set), k, least);
        }
        KMeansConfig config = config(set.size());
        long data = Long.parseUnsignedLong(set.fingerprint().substring(0, 16), 16);
        KMeansFile kept = new KMeansFile(
                folder.resolve("cells.bin"), set.size(), set.vectors().dimension(), config, data);
        Clustering cells = new KMeans(config, kept, progress).cluster(blocks.of(set));
        int threads = Runtime.getRuntime().availableProcessors();
        return new CellNeighbors(set.vectors(), cells, probes, k, least, threads);
    }

    /**
     * How the clusters are made.
     *
     * @param rows from 1
     */
    public KMeansConfig config(int rows) {
        return KMeansConfig.of(clusters(rows), seed).withIterations(ITERATIONS);
    }
}
