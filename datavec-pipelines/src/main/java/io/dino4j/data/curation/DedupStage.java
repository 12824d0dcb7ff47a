package io.dino4j.data.curation;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.copy.CopyDescriptor;
import io.dino4j.data.curation.copy.CopyEdges;
import io.dino4j.data.curation.copy.CopyEmbedding;
import io.dino4j.data.curation.copy.CopyVerifier;
import io.dino4j.data.curation.copy.Deduplication;
import io.dino4j.data.curation.copy.Deduplication.BenchmarkMatches;
import io.dino4j.data.curation.copy.Deduplication.Reason;
import io.dino4j.data.curation.copy.ExactCopies;
import io.dino4j.data.curation.copy.PairVerification;
import io.dino4j.data.curation.copy.Quality;
import io.dino4j.data.file.Durable;
import io.dino4j.data.vector.VectorFile;
import io.dino4j.data.vector.VectorFileWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Removes near-duplicates from a set of images, and all that resembles a benchmark. The result is a set again, with the vectors of what is left,
 * and {@code removed.csv} (what each removed image is a copy of), {@code summary.json} and {@code report.html}.
 *
 * @param pool images with vectors
 * @param benchmark images that nothing may be learnt from, with vectors of the same embedder
 * @param rule what counts as a copy
 */
public record DedupStage(EmbeddingSet pool, Optional<EmbeddingSet> benchmark, DedupRule rule) {
    private static final int ROWS = 4096; // copied at a time

    /** Checks that the vectors can be compared. */
    public DedupStage {
        benchmark.ifPresent(pool::requireComparable);
    }

    /**
     * Removes the copies.
     *
     * @param out folder of the result
     * @param blocks who searches
     * @param force replace a result of other settings
     * @param progress told of the search and of the pairs that are looked at
     * @return what became of it
     * @throws IllegalArgumentException if nothing is left, or there is something of other settings
     * @throws IOException if it cannot be written
     */
    public StageSummary run(Path out, BlocksOf blocks, boolean force, Progress progress) throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(EmbeddingSet.EMBEDDER, pool.settings().get(EmbeddingSet.EMBEDDER));
        settings.put("pool_sha256", pool.fingerprint());
        if (benchmark.isPresent()) {
            settings.put("benchmark_sha256", benchmark.get().fingerprint());
            settings.put("benchmark_threshold", Float.toString(rule.benchmarkThreshold()));
            settings.put("benchmark_search", search(benchmark.get()));
        }
        settings.put("neighbors", Integer.toString(rule.k()));
        settings.put("threshold", Float.toString(rule.threshold()));
        settings.put("verify", Boolean.toString(rule.verify()));
        settings.put("search", search(pool));
        if (rule.verify()) {
            settings.put("evidence", Double.toString(CopyVerifier.DEFAULT_EVIDENCE));
        }
        warning().ifPresent(progress::say);
        StageFolder.make(out, settings, force, progress, draft -> fill(draft, blocks, progress));
        return StageSummary.of(out);
    }

    /** The descriptor of a small set is learnt from built-in pictures more than from its own. */
    private Optional<String> warning() {
        boolean small = CopyEmbedding.made(pool) && pool.size() < CopyDescriptor.LEAST_IMAGES;
        return rule.verify() || !small
                ? Optional.empty()
                : Optional.of(
                        "%s: vectors alone are not to be trusted for fewer than %d images, here %d; let the images be looked at"
                                .formatted(pool.folder(), CopyDescriptor.LEAST_IMAGES, pool.size()));
    }

    private String search(EmbeddingSet set) {
        return rule.search().describe(pool.size(), set.size());
    }

    private void fill(Path draft, BlocksOf blocks, Progress progress) throws IOException {
        ExactCopies exact = ExactCopies.of(pool.images());
        CopyEdges near = near(draft, blocks, exact, progress);
        BenchmarkMatches hits = benchmark.isPresent()
                ? hits(draft, benchmark.get(), blocks, exact, progress)
                : BenchmarkMatches.none(pool.size());
        Deduplication done =
                Deduplication.of(Quality.of(pool.images()), exact, near, hits, new RowSimilarity(pool.vectors()));
        if (done.kept().length == 0) {
            throw new IllegalArgumentException(
                    "nothing of %s is left: all of it resembles the benchmark".formatted(pool.folder()));
        }
        pool.images().select(done.kept()).write(draft.resolve(EmbeddingSet.IMAGES));
        vectors(draft.resolve(EmbeddingSet.VECTORS), done.kept());
        Durable.write(draft.resolve(EmbeddingSet.UNREADABLE), Files::createFile);
        CopyEmbedding.passOn(pool, draft);
        DedupReport report = new DedupReport(pool, benchmark, done);
        report.table(draft.resolve("removed.csv"));
        summary(done).write(draft);
        report.page().write(draft.resolve("report.html"));
    }

    /** Pairs of rows that are the first with their bytes. */
    private CopyEdges near(Path draft, BlocksOf blocks, ExactCopies exact, Progress progress) throws IOException {
        Path folder = StageFolder.work(draft, "pool");
        int k = Math.min(pool.size(), rule.k() + 1); // a row is its own neighbour
        List<CopyEdges> parts = new ArrayList<>();
        saved(folder, pool, blocks, k, rule.threshold(), progress)
                .forEach(
                        pool.vectors(),
                        progress,
                        (first, graph) -> parts.add(CopyEdges.of(graph, first, rule.threshold())));
        CopyEdges candidates = CopyEdges.joined(parts).onto(exact.first());
        if (!rule.verify()) {
            return candidates;
        }
        float[] evidence = pairs(folder, pool).evidence(candidates.one(), candidates.other(), progress);
        return candidates.select(atLeast(evidence, CopyVerifier.DEFAULT_EVIDENCE));
    }

    private SavedNeighbors saved(
            Path folder, EmbeddingSet set, BlocksOf blocks, int k, float least, Progress progress) {
        return new SavedNeighbors(
                folder, k, () -> rule.search().open(set, blocks, pool.size(), k, least, folder, progress));
    }

    private BenchmarkMatches hits(
            Path draft, EmbeddingSet against, BlocksOf blocks, ExactCopies exact, Progress progress)
            throws IOException {
        Path folder = StageFolder.work(draft, "against");
        int k = rule.verify() ? Math.min(rule.k(), against.size()) : 1;
        BenchmarkCandidates candidates = new BenchmarkCandidates(exact);
        saved(folder, against, blocks, k, rule.benchmarkThreshold(), progress)
                .forEach(pool.vectors(), progress, candidates::add);
        int[] rows = candidates.rows();
        int[] matches = candidates.matches();
        boolean[] copies = new boolean[rows.length];
        Arrays.fill(copies, true);
        if (rule.verify()) {
            float[] evidence = pairs(folder, against).evidence(rows, matches, progress);
            copies = atLeast(evidence, CopyVerifier.DEFAULT_EVIDENCE);
        }
        BenchmarkMatches hits = BenchmarkMatches.none(pool.size());
        for (int e = 0; e < copies.length; e++) {
            if (copies[e] && hits.match()[rows[e]] < 0) { // the nearest comes first
                hits.match()[rows[e]] = matches[e];
                hits.similarity()[rows[e]] = candidates.similarity(e);
            }
        }
        sameBytes(against, hits);
        return hits;
    }

    /** An image with the bytes of the benchmark's is found whatever its vector is. */
    private void sameBytes(EmbeddingSet against, BenchmarkMatches hits) {
        Map<String, Integer> rows = new HashMap<>();
        for (int i = 0; i < against.size(); i++) {
            rows.putIfAbsent(against.images().row(i).sha256(), i);
        }
        for (int i = 0; i < pool.size(); i++) {
            Integer row = rows.get(pool.images().row(i).sha256());
            if (row != null) {
                hits.match()[i] = row;
                hits.similarity()[i] = 1;
            }
        }
    }

    private SavedPairs pairs(Path folder, EmbeddingSet others) {
        CopyVerifier verifier = new CopyVerifier();
        PairVerification verification = others == pool
                ? new PairVerification(pool.source(), verifier)
                : new PairVerification(pool.source(), others.source(), verifier);
        return new SavedPairs(folder, verification);
    }

    private static boolean[] atLeast(float[] evidence, double least) {
        boolean[] enough = new boolean[evidence.length];
        for (int e = 0; e < enough.length; e++) {
            enough[e] = evidence[e] >= least;
        }
        return enough;
    }

    private void vectors(Path file, int[] rows) throws IOException {
        VectorFile from = pool.vectors();
        try (VectorFileWriter to = VectorFileWriter.create(file, from.type(), from.dimension())) {
            float[] some = new float[ROWS * from.dimension()];
            float[] one = new float[from.dimension()];
            for (int first = 0; first < rows.length; first += ROWS) {
                int count = Math.min(ROWS, rows.length - first);
                for (int i = 0; i < count; i++) {
                    from.read(rows[first + i], 1, one);
                    System.arraycopy(one, 0, some, i * one.length, one.length);
                }
                to.append(some, count);
            }
            to.finish();
        }
    }

    private StageSummary summary(Deduplication done) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("exact", done.count(Reason.EXACT));
        values.put("near", done.count(Reason.NEAR));
        values.put("benchmark", done.count(Reason.BENCHMARK));
        values.put("groups", done.groupSize().length);
        values.put("largest_group", Arrays.stream(done.groupSize()).max().orElse(1));
        values.put("neighbors", rule.k());
        values.put("threshold", rule.threshold());
        values.put("search", search(pool));
        if (benchmark.isPresent()) {
            values.put("benchmark_threshold", rule.benchmarkThreshold());
            values.put("benchmark_search", search(benchmark.get()));
        }
        values.put("verified", rule.verify());
        warning().ifPresent(text -> values.put("warning", text));
        return new StageSummary("dedup", pool.size(), done.kept().length, values);
    }

    /** Inner products of rows. */
    private record RowSimilarity(VectorFile vectors) implements Deduplication.PairSimilarity {
        @Override
        public float of(int row, int representative) {
            float[] a = new float[vectors.dimension()];
            float[] b = new float[vectors.dimension()];
            vectors.read(row, 1, a);
            vectors.read(representative, 1, b);
            double sum = 0;
            for (int i = 0; i < a.length; i++) {
                sum += (double) a[i] * b[i];
            }
            return (float) sum;
        }
    }
}
