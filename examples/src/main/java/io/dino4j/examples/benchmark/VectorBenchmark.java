package io.dino4j.examples.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Nearest neighbours and clusters of vectors. */
@Command(
        name = "vectors",
        description = "Nearest neighbours, k-means and near-duplicates of made-up vectors in a mapped file.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j benchmark vectors --n 100000",
            "  ./dino4j benchmark vectors --json > vectors.json",
            "",
            "'of peak' is the share of the machine's fastest matrix product, measured in the same run, for the processor time that",
            "the work got: other processes make it slower and do not change it. Recall is against the exact search. Vectors lie in groups of groups; one in 10 is a",
            "near-duplicate of another, at a cosine of 0.7 to 0.99. Lines of dedup do what curate dedup does above 200,000 images. The files (4 * n * dimension bytes, and half and a quarter of that) are deleted at the end."
        })
final class VectorBenchmark implements Callable<Integer> {
    private static final String ROW = "%-44s %9s %9s %9s %8s %8s %10s";

    @Option(
            names = "--n",
            paramLabel = "N",
            defaultValue = "1000000",
            description = "Vectors; default ${DEFAULT-VALUE}.")
    private int n;

    @Option(
            names = "--dimension",
            paramLabel = "D",
            defaultValue = "384",
            description = "Numbers of a vector; default ${DEFAULT-VALUE}.")
    private int dimension;

    @Option(
            names = "--queries",
            paramLabel = "Q",
            defaultValue = "10000",
            description = "Queries of the exact search; default ${DEFAULT-VALUE}.")
    private int queries;

    @Option(names = "--k", paramLabel = "K", defaultValue = "4", description = "Neighbours; default ${DEFAULT-VALUE}.")
    private int k;

    @Option(
            names = "--clusters",
            paramLabel = "K",
            defaultValue = "1000",
            description = "Clusters of k-means; default ${DEFAULT-VALUE}.")
    private int clusters;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            defaultValue = "20",
            description = "Most iterations of k-means; default ${DEFAULT-VALUE}.")
    private int iterations;

    @Option(
            names = "--probes",
            paramLabel = "N",
            split = ",",
            defaultValue = "4,8,16",
            description = "Clusters looked at for near-duplicates; default ${DEFAULT-VALUE}.")
    private List<Integer> probes;

    @Option(names = "--threads", paramLabel = "N", description = "Threads; default one for each processor.")
    private Integer threads;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Folder for the files; default the system's for temporary files.")
    private Path folder;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /**
     * One measurement.
     *
     * @param what was done
     * @param seconds it took
     * @param processor seconds of all processors that the process used meanwhile; 0 where it is not known
     * @param operations of its matrix products; 0 where there are none
     * @param recall of the exact search's neighbours, where it is approximate
     * @param peakBytes most memory the process had resident by then, the mapped file included; 0 where the system does not tell
     */
    record Line(
            String what, double seconds, double processor, double operations, OptionalDouble recall, long peakBytes) {}

    @Override
    public Integer call() throws IOException {
        if (n < 100 || dimension < 1 || queries < 1 || k < 1 || clusters < 1 || clusters > n || iterations < 1) {
            throw new IllegalArgumentException(
                    "--n must be at least 100, --clusters at most --n, and the others at least 1; got %d, %d"
                            .formatted(n, clusters));
        }
        int workers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
        VectorRun run = new VectorRun(n, dimension, queries, k, clusters, iterations, probes, workers);
        Optional<Roofs> before = Roofs.measure();
        List<Line> lines = run.measure(Optional.ofNullable(folder));
        double peak = Math.max(
                before.map(Roofs::gemm).orElse(0.0),
                Roofs.measure().map(Roofs::gemm).orElse(0.0));
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(json(lines, peak, workers).toString());
        } else {
            print(out, lines, peak, workers);
        }
        out.flush();
        return 0;
    }

    private ObjectNode json(List<Line> lines, double peak, int workers) {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("n", n)
                .put("dimension", dimension)
                .put("queries", queries)
                .put("k", k)
                .put("clusters", clusters);
        node.put("threads", workers).put("gemm_peak_gflops", peak / 1e9);
        ArrayNode list = node.putArray("measured");
        for (Line l : lines) {
            ObjectNode line = list.addObject();
            line.put("what", l.what())
                    .put("seconds", l.seconds())
                    .put("processor_seconds", l.processor())
                    .put("peak_resident_bytes", l.peakBytes());
            if (l.operations() > 0) {
                line.put("gflops", l.operations() / l.seconds() / 1e9);
                line.put("share_of_gemm_peak", share(l, peak, workers));
            }
            l.recall().ifPresent(r -> line.put("recall", r));
        }
        return node;
    }

    private void print(PrintWriter out, List<Line> lines, double peak, int workers) {
        line(
                out,
                "%,d vectors of %d numbers, %d threads; fastest matrix product here: %.0f GFLOP/s",
                n,
                dimension,
                workers,
                peak / 1e9);
        line(out, "");
        line(out, ROW, "", "seconds", "processor", "GFLOP/s", "of peak", "recall", "memory");
        for (Line l : lines) {
            boolean products = l.operations() > 0;
            line(
                    out,
                    ROW,
                    l.what(),
                    text("%.2f", l.seconds()),
                    l.processor() > 0 ? text("%.2f", l.processor()) : "-",
                    products ? text("%.0f", l.operations() / l.seconds() / 1e9) : "-",
                    products ? text("%.0f%%", 100 * share(l, peak, workers)) : "-",
                    l.recall().isPresent() ? text("%.4f", l.recall().getAsDouble()) : "-",
                    text("%.2f GB", l.peakBytes() / 1e9));
        }
    }

    /** The peak is that of all processors; the work had some of their time. */
    private static double share(Line l, double peak, int workers) {
        double seconds = l.processor() > 0 ? l.processor() / workers : l.seconds();
        return l.operations() / seconds / peak;
    }

    private static void line(PrintWriter out, String format, Object... values) {
        out.println(text(format, values).stripTrailing());
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
