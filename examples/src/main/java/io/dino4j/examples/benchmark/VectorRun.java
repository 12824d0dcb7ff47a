package io.dino4j.examples.benchmark;

import io.dino4j.data.Progress;
import io.dino4j.data.vector.ArrayVectors;
import io.dino4j.data.vector.CellNeighbors;
import io.dino4j.data.vector.Clustering;
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.KMeans;
import io.dino4j.data.vector.KMeansConfig;
import io.dino4j.data.vector.LocalBlocks;
import io.dino4j.data.vector.Neighbors;
import io.dino4j.data.vector.VectorFile;
import io.dino4j.data.vector.VectorFileWriter;
import io.dino4j.data.vector.VectorType;
import io.dino4j.data.vector.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What {@code benchmark vectors} does and times. */
final class VectorRun {
    private static final int FIRST_QUERY = 1_999_999_980; // rows that are not in the set
    private static final int RECALL_ROWS = 5000;
    private static final int LIBRARY_K = 10;

    private final int n;
    private final int d;
    private final int queries;
    private final int k;
    private final int clusters;
    private final int iterations;
    private final List<Integer> probes;
    private final int threads;
    private final Measured measured = new Measured();

    VectorRun(int n, int d, int queries, int k, int clusters, int iterations, List<Integer> probes, int threads) {
        this.n = n;
        this.d = d;
        this.queries = queries;
        this.k = k;
        this.clusters = clusters;
        this.iterations = iterations;
        this.probes = probes;
        this.threads = threads;
    }

    List<VectorBenchmark.Line> measure(Optional<Path> folder) throws IOException {
        Path dir = folder.isPresent()
                ? Files.createTempDirectory(folder.get(), "vectors")
                : Files.createTempDirectory("vectors");
        try {
            measureIn(dir);
        } finally {
            for (String name : List.of("f32", "f16", "i8", "f32.part", "f16.part", "i8.part")) {
                Files.deleteIfExists(dir.resolve(name));
            }
            Files.delete(dir);
        }
        return measured.lines();
    }

    private void measureIn(Path dir) throws IOException {
        SyntheticVectors made = new SyntheticVectors(d, 1);
        Path file = dir.resolve("f32");
        measured.timed("writing the file", 0, () -> write(made, file));
        VectorFile set = VectorFile.open(file);
        Vectors asked = asked(made, queries);
        double products = 2.0 * n * queries * d;
        Neighbors exact =
                measured.timed("exact %d-NN of %,d queries".formatted(k, queries), products, () -> search(set, asked));
        for (VectorType type : List.of(VectorType.FLOAT16, VectorType.INT8)) {
            VectorFile narrow = converted(set, type, dir.resolve(type == VectorType.INT8 ? "i8" : "f16"));
            Neighbors found = measured.timed(
                    "the same in a file of " + type.name().toLowerCase(Locale.ROOT),
                    products,
                    () -> search(narrow, asked));
            measured.recall(found.recall(exact));
        }
        Clustering cells = cluster(set);
        nearDuplicates(made, set, cells);
        new DedupRun(made, set, threads, measured).run();
    }

    private Neighbors search(Vectors set, Vectors asked) {
        return new ExactNeighbors(new LocalBlocks(set, threads), k).of(asked, Progress.SILENT);
    }

    private Clustering cluster(VectorFile set) throws IOException {
        KMeansConfig config = KMeansConfig.of(clusters, 1).withIterations(iterations);
        LocalBlocks blocks = new LocalBlocks(set, threads);
        Clustering seeded =
                measured.timed("k-means, k = %,d: seeding and one pass".formatted(clusters), 0, () -> new KMeans(
                                config.withIterations(0), Progress.SILENT)
                        .cluster(blocks));
        long start = System.nanoTime();
        double before = Measured.processor();
        Clustering cells = new KMeans(config, Progress.SILENT).cluster(blocks, seeded.centroids());
        int passes = cells.objective().length;
        double seconds = (System.nanoTime() - start) / 1e9;
        double processor = Measured.processor() - before;
        double products = 2.0 * n * clusters * d;
        measured.add(
                "k-means, %d passes from there%s".formatted(passes, cells.settled() ? ", settled" : ""),
                seconds,
                processor,
                products * passes);
        measured.add("k-means, each pass", seconds / passes, processor / passes, products);
        return cells;
    }

    /** The graph within the nearest clusters, held against the exact one for some rows. */
    private void nearDuplicates(SyntheticVectors made, VectorFile set, Clustering cells) {
        int some = Math.min(n, RECALL_ROWS);
        float[] rows = new float[some * d];
        set.read(n - some, some, rows);
        // its own row is found too
        Neighbors exact = measured.timed(
                "exact graph, %,d of the rows".formatted(some), 2.0 * some * n * d, () -> new ExactNeighbors(
                                new LocalBlocks(set, threads), k + 1)
                        .of(new ArrayVectors(rows, d), Progress.SILENT));
        VectorBenchmark.Line last = measured.last();
        double more = (double) n / some;
        measured.add(
                "exact graph, all rows (extrapolated)",
                last.seconds() * more,
                last.processor() * more,
                2.0 * n * n * d);
        int[] sizes = cells.counts();
        for (int p : probes) {
            double products = 0;
            for (int size : sizes) {
                products += 2.0 * size * d * size * p; // a query looks at p clusters of about its own's size
            }
            products += 2.0 * n * clusters * d;
            Neighbors graph =
                    measured.timed("%d-NN graph within %d clusters".formatted(k, p), products, () -> new CellNeighbors(
                                    set, cells, p, k, Float.NEGATIVE_INFINITY, threads)
                            .graph(Progress.SILENT));
            measured.recall(recallOfGraph(graph, exact, n - some));
            measured.recall("   of it: planted near-duplicates found", planted(made, graph));
        }
        Vectors asked = asked(made, Math.min(queries, 2000));
        Neighbors ten = new ExactNeighbors(new LocalBlocks(set, threads), LIBRARY_K).of(asked, Progress.SILENT);
        for (int p : probes) {
            Neighbors found = measured.timed(
                    "%d-NN of %,d queries within %d clusters".formatted(LIBRARY_K, asked.size(), p),
                    0,
                    () -> new CellNeighbors(set, cells, p, LIBRARY_K, Float.NEGATIVE_INFINITY, threads)
                            .of(asked, Progress.SILENT));
            measured.recall(found.recall(ten));
        }
    }

    private double recallOfGraph(Neighbors graph, Neighbors exact, int first) {
        long wanted = 0;
        long found = 0;
        for (int q = 0; q < exact.queries(); q++) {
            int left = k;
            for (int i = q * (k + 1); left > 0 && i < (q + 1) * (k + 1); i++) {
                int row = exact.index()[i];
                if (row >= 0 && row != first + q) {
                    left--;
                    wanted++;
                    found += has(graph, first + q, row) ? 1 : 0;
                }
            }
        }
        return wanted == 0 ? 1 : (double) found / wanted;
    }

    /** Share of the planted near-duplicates that the graph joins, in either direction, with what they were made from. */
    private double planted(SyntheticVectors made, Neighbors graph) {
        long planted = 0;
        long found = 0;
        for (int i = SyntheticVectors.DUPLICATE_EVERY - 1; i < n; i += SyntheticVectors.DUPLICATE_EVERY) {
            int original = made.original(i);
            planted++;
            found += has(graph, i, original) || has(graph, original, i) ? 1 : 0;
        }
        return (double) found / planted;
    }

    private static boolean has(Neighbors graph, int row, int other) {
        for (int i = row * graph.k(); i < (row + 1) * graph.k(); i++) {
            if (graph.index()[i] == other) {
                return true;
            }
        }
        return false;
    }

    private Vectors asked(SyntheticVectors made, int count) {
        float[] rows = new float[Math.multiplyExact(count, d)];
        for (int i = 0; i < count; i++) {
            made.row(FIRST_QUERY + i, rows, i * d);
        }
        return new ArrayVectors(rows, d);
    }

    private Path write(SyntheticVectors made, Path file) throws IOException {
        try (VectorFileWriter writer = VectorFileWriter.open(file, VectorType.FLOAT32, d)) {
            float[] row = new float[d];
            for (int i = 0; i < n; i++) {
                made.row(i, row, 0);
                writer.append(row, 1);
            }
            writer.finish();
        }
        return file;
    }

    private static VectorFile converted(VectorFile set, VectorType type, Path file) throws IOException {
        set.convert(file, type, Progress.SILENT);
        return VectorFile.open(file);
    }
}
