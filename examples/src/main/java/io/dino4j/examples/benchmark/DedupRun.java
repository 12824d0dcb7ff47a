package io.dino4j.examples.benchmark;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.DedupRule;
import io.dino4j.data.curation.SearchRule;
import io.dino4j.data.curation.copy.CopyEdges;
import io.dino4j.data.curation.copy.Deduplication;
import io.dino4j.data.curation.copy.Deduplication.BenchmarkMatches;
import io.dino4j.data.curation.copy.ExactCopies;
import io.dino4j.data.curation.copy.Quality;
import io.dino4j.data.vector.ArrayVectors;
import io.dino4j.data.vector.CellNeighbors;
import io.dino4j.data.vector.Clustering;
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.KMeans;
import io.dino4j.data.vector.KMeansConfig;
import io.dino4j.data.vector.LocalBlocks;
import io.dino4j.data.vector.NeighborSearch;
import io.dino4j.data.vector.Neighbors;
import io.dino4j.data.vector.VectorFile;
import io.dino4j.data.vector.Vectors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The steps of {@code curate dedup --no-verify} for a large pool, as it takes them, each with its time, and what share of the pairs they find. */
final class DedupRun {
    /** Queries at a time, as the stage has them. */
    private static final int PART = 1 << 16;

    /** Rows whose pairs are held against those of the exact search. */
    private static final int RECALL_ROWS = 2048;

    /** Least similarity of a pair: that of the farthest planted ones, less what rounding takes. */
    private static final float THRESHOLD = (float) SyntheticVectors.LEAST_COSINE - 1e-4f;

    private static final int K = DedupRule.NEIGHBORS + 1; // a row is its own neighbour
    private static final int BANDS = 3;

    private final SyntheticVectors made;
    private final VectorFile set;
    private final int threads;
    private final Measured measured;

    DedupRun(SyntheticVectors made, VectorFile set, int threads, Measured measured) {
        this.made = made;
        this.set = set;
        this.threads = threads;
        this.measured = measured;
    }

    void run() throws IOException {
        int n = set.size();
        double dimension = set.dimension();
        KMeansConfig config = SearchRule.usual(1).config(n);
        LocalBlocks blocks = new LocalBlocks(set, threads);
        double passes = config.iterations() + 1.0; // seeding comes on top
        Clustering cells = measured.timed(
                "dedup: %,d clusters, %d passes".formatted(config.clusters(), config.iterations()),
                passes * 2 * n * config.clusters() * dimension,
                () -> new KMeans(config, Progress.SILENT).cluster(blocks));
        int probes = SearchRule.PROBES;
        double products = 2.0 * n * config.clusters() * dimension;
        for (int size : cells.counts()) {
            products += 2.0 * size * dimension * size * probes; // a query looks at cells of about its own's size
        }
        NeighborSearch search = new CellNeighbors(set, cells, probes, K, THRESHOLD, threads);
        CopyEdges edges =
                measured.timed("dedup: pairs within %d of them".formatted(probes), products, () -> pairs(search));
        Deduplication done =
                measured.timed("dedup: groups of %,d pairs".formatted(edges.count()), 0, () -> groups(edges));
        measured.total("dedup: all of it, %,d rows go".formatted(done.removed().length), 3);
        recall(search);
        planted(edges);
    }

    private CopyEdges pairs(NeighborSearch search) {
        List<CopyEdges> parts = new ArrayList<>();
        for (int first = 0; first < set.size(); first += PART) {
            Vectors queries = rows(first, Math.min(PART, set.size() - first));
            parts.add(CopyEdges.of(search.of(queries, Progress.SILENT), first, THRESHOLD));
        }
        return CopyEdges.joined(parts);
    }

    private Deduplication groups(CopyEdges edges) {
        int n = set.size();
        long[] equal = new long[n];
        Arrays.fill(equal, 1);
        ExactCopies distinct = new ExactCopies(IntStream.range(0, n).toArray());
        return Deduplication.of(
                new Quality(equal, equal), distinct, edges, BenchmarkMatches.none(n), (row, other) -> THRESHOLD);
    }

    /** Of the pairs that the exact search finds for the last rows. */
    private void recall(NeighborSearch search) {
        int some = Math.min(set.size(), RECALL_ROWS);
        Vectors queries = rows(set.size() - some, some);
        Neighbors exact = new ExactNeighbors(new LocalBlocks(set, threads), K, THRESHOLD).of(queries, Progress.SILENT);
        Neighbors found = search.of(queries, Progress.SILENT);
        measured.recall("   of the exact search's pairs of %,d rows".formatted(some), found.recall(exact));
    }

    /** Share of the planted near-duplicates that are joined with what they were made from, by similarity. */
    private void planted(CopyEdges edges) {
        long[] pairs = new long[edges.count()];
        for (int e = 0; e < pairs.length; e++) {
            pairs[e] = (long) edges.one()[e] << 32 | edges.other()[e]; // in ascending order
        }
        int[] all = new int[BANDS];
        int[] found = new int[BANDS];
        double width = (SyntheticVectors.MOST_COSINE - SyntheticVectors.LEAST_COSINE) / BANDS;
        for (int i = SyntheticVectors.DUPLICATE_EVERY - 1; i < set.size(); i += SyntheticVectors.DUPLICATE_EVERY) {
            int band = (int) Math.min(BANDS - 1.0, (made.cosine(i) - SyntheticVectors.LEAST_COSINE) / width);
            all[band]++;
            found[band] += Arrays.binarySearch(pairs, (long) made.original(i) << 32 | i) >= 0 ? 1 : 0;
        }
        for (int b = 0; b < BANDS; b++) {
            double from = SyntheticVectors.LEAST_COSINE + b * width;
            measured.recall(
                    "   of %,d planted at %.2f to %.2f".formatted(all[b], from, from + width),
                    (double) found[b] / Math.max(1, all[b]));
        }
    }

    private Vectors rows(int first, int count) {
        float[] rows = new float[Math.multiplyExact(count, set.dimension())];
        set.read(first, count, rows);
        return new ArrayVectors(rows, set.dimension());
    }
}
