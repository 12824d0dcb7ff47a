package io.dino4j.data.curation;

import io.dino4j.data.Progress;
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
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.Neighbors;
import io.dino4j.data.vector.VectorFile;
import io.dino4j.data.vector.VectorFileWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
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
        }
        settings.put("rule", rule.toString());
        if (rule.verify()) {
            settings.put("evidence", Double.toString(CopyVerifier.DEFAULT_EVIDENCE));
        }
        StageFolder.make(out, settings, force, progress, draft -> fill(draft, blocks, progress));
        return StageSummary.of(out);
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
        ExactNeighbors search = new ExactNeighbors(blocks.of(pool), k, rule.threshold());
        Neighbors graph = new SavedNeighbors(folder, search).of(pool.vectors(), progress);
        CopyEdges candidates = CopyEdges.of(graph, 0, rule.threshold()).onto(exact.first());
        if (!rule.verify()) {
            return candidates;
        }
        float[] evidence = pairs(folder, pool).evidence(candidates.one(), candidates.other(), progress);
        return candidates.select(atLeast(evidence, CopyVerifier.DEFAULT_EVIDENCE));
    }

    private BenchmarkMatches hits(
            Path draft, EmbeddingSet against, BlocksOf blocks, ExactCopies exact, Progress progress)
            throws IOException {
        Path folder = StageFolder.work(draft, "against");
        int k = rule.verify() ? Math.min(rule.k(), against.size()) : 1;
        ExactNeighbors search = new ExactNeighbors(blocks.of(against), k, rule.benchmarkThreshold());
        Neighbors found = new SavedNeighbors(folder, search).of(pool.vectors(), progress);
        Candidates candidates = Candidates.of(found, exact);
        boolean[] copies = new boolean[candidates.row().length];
        Arrays.fill(copies, true);
        if (rule.verify()) {
            float[] evidence = pairs(folder, against).evidence(candidates.row(), candidates.match(), progress);
            copies = atLeast(evidence, CopyVerifier.DEFAULT_EVIDENCE);
        }
        BenchmarkMatches hits = BenchmarkMatches.none(pool.size());
        for (int e = 0; e < copies.length; e++) {
            int row = candidates.row()[e];
            if (copies[e] && hits.match()[row] < 0) { // the nearest comes first
                hits.match()[row] = candidates.match()[e];
                hits.similarity()[row] = candidates.similarity()[e];
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
        if (benchmark.isPresent()) {
            values.put("benchmark_threshold", rule.benchmarkThreshold());
        }
        values.put("verified", rule.verify());
        return new StageSummary("dedup", pool.size(), done.kept().length, values);
    }

    /**
     * Rows of the pool with images of the benchmark, the nearest of a row first.
     *
     * @param row (E)
     * @param match (E)
     * @param similarity (E)
     */
    private record Candidates(int[] row, int[] match, float[] similarity) {
        static Candidates of(Neighbors found, ExactCopies exact) {
            int count = 0;
            for (int n = 0; n < found.index().length; n++) {
                count += isWanted(found, exact, n) ? 1 : 0;
            }
            Candidates some = new Candidates(new int[count], new int[count], new float[count]);
            for (int n = 0, e = 0; n < found.index().length; n++) {
                if (isWanted(found, exact, n)) {
                    some.row[e] = n / found.k();
                    some.match[e] = found.index()[n];
                    some.similarity[e++] = found.similarity()[n];
                }
            }
            return some;
        }

        private static boolean isWanted(Neighbors found, ExactCopies exact, int n) {
            return found.index()[n] >= 0 && exact.first()[n / found.k()] == n / found.k();
        }
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
