package io.dino4j.data.curation;

import io.dino4j.data.curation.copy.CopyDescriptor;
import io.dino4j.data.curation.copy.CopyEmbedding;

/**
 * What counts as a copy.
 *
 * @param k nearest neighbours of each image that are looked at, 1 or more
 * @param threshold least similarity of two copies, -1 to 1
 * @param benchmarkThreshold least similarity of an image and one of a benchmark that makes it go
 * @param verify whether the images themselves are looked at, too: pairs above the thresholds are then candidates only
 * @param search how the neighbours are looked for
 */
public record DedupRule(int k, float threshold, float benchmarkThreshold, boolean verify, SearchRule search) {
    /** Neighbours looked at, after DINOv2 (appendix A.4). */
    public static final int NEIGHBORS = 64;

    /** Of vectors of a network, after DINOv2: those of a network trained for copies, SSCD. */
    private static final float NETWORK = 0.6f;

    private static final float NETWORK_BENCHMARK = 0.45f;

    /** Checks the numbers. */
    public DedupRule {
        if (k < 1) {
            throw new IllegalArgumentException("neighbours must be 1 or more, got " + k);
        }
        requireCosine(threshold, "the threshold");
        requireCosine(benchmarkThreshold, "the threshold for the benchmark");
    }

    /**
     * The rule that fits how a set was embedded; for vectors made to find copies its thresholds are those of docs/copies.md.
     *
     * @param set to be searched
     * @param verify whether the images are looked at
     */
    public static DedupRule usual(EmbeddingSet set, boolean verify) {
        if (!CopyEmbedding.made(set)) {
            return new DedupRule(NEIGHBORS, NETWORK, NETWORK_BENCHMARK, verify, SearchRule.usual(0));
        }
        float threshold = verify ? CopyDescriptor.CANDIDATE_THRESHOLD : CopyDescriptor.THRESHOLD;
        return new DedupRule(NEIGHBORS, threshold, threshold, verify, SearchRule.usual(0));
    }

    /** This rule with another number of neighbours. */
    public DedupRule withNeighbors(int neighbors) {
        return new DedupRule(neighbors, threshold, benchmarkThreshold, verify, search);
    }

    /** This rule with another threshold. */
    public DedupRule withThreshold(float least) {
        return new DedupRule(k, least, benchmarkThreshold, verify, search);
    }

    /** This rule with another threshold for the benchmark. */
    public DedupRule withBenchmarkThreshold(float least) {
        return new DedupRule(k, threshold, least, verify, search);
    }

    /** This rule with another search. */
    public DedupRule withSearch(SearchRule other) {
        return new DedupRule(k, threshold, benchmarkThreshold, verify, other);
    }

    private static void requireCosine(float value, String name) {
        if (!(value >= -1 && value <= 1)) {
            throw new IllegalArgumentException("%s is a cosine, -1 to 1, got %s".formatted(name, value));
        }
    }
}
