package io.dino4j.examples.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * All that was measured.
 *
 * @param work what was run
 * @param setting what it ran on, for the record
 * @param roofs what the machine can do; empty where there is no oneDNN
 * @param planBytes intermediate arrays of the compiled graph
 * @param ours the compiled graph
 * @param stock the stock graph, if it was asked for and ran
 * @param stockFailure why it did not
 * @param profile time by op, if it was asked for
 */
record Result(
        Summary work,
        Setting setting,
        Optional<Roofs> roofs,
        long planBytes,
        Timing ours,
        Optional<Timing> stock,
        Optional<String> stockFailure,
        Optional<OpProfile> profile) {
    private static final String STOCK = "stock SameDiff";
    private static final double GIGA = 1e9;
    private static final String OP = "%-32s %6s %10s %7s %9s %7s %9s %8s";
    private static final String ROW = "%-15s %9s %8s %8s %8s   %-24s %11s";

    /**
     * What it ran on.
     *
     * @param command the command line
     * @param kernels name of the first provider
     * @param threads of a kernel
     * @param load of the machine before anything ran; below 0 where the system does not tell
     * @param versions of everything
     */
    record Setting(String command, String kernels, int threads, double load, Map<String, String> versions) {}

    private String mode() {
        return switch (work.mode()) {
            case "train" -> "forward + backward";
            case "step" -> "training step without optimiser";
            default -> work.mode();
        };
    }

    private double imagesPerSecond(Timing t) {
        return work.batch() / t.median();
    }

    private double gflops(Timing t) {
        return imagesPerSecond(t) * work.flopsPerImage() / GIGA;
    }

    private double speedup(Timing other) {
        return other.median() / ours.median();
    }

    /** One object. */
    ObjectNode toJson() {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode node = mapper.createObjectNode();
        node.put("command", setting.command());
        node.put("mode", work.mode());
        node.put("preset", work.preset());
        node.put("batch", work.batch());
        node.put("size", work.size());
        node.put("images", work.images());
        node.put("precision", work.precision());
        node.put("kernels", setting.kernels());
        node.put("threads", setting.threads());
        node.put("load_average", setting.load());
        node.put("parameters", work.parameters());
        node.put("tokens_per_image", work.tokensPerImage());
        node.put("gflop_per_image", work.flopsPerImage() / GIGA);
        roofs.ifPresent(r ->
                node.put("gemm_peak_gflops", r.gemm() / GIGA).put("copy_peak_gigabytes_per_second", r.copy() / GIGA));
        node.set("dino4j", json(ours).put("intermediate_bytes", planBytes));
        stock.ifPresent(t -> {
            node.set("stock", json(t));
            node.put("speedup", speedup(t));
        });
        stockFailure.ifPresent(why -> node.putObject("stock").put("error", why));
        profile.ifPresent(p -> node.set("profile", p.toJson()));
        node.set("versions", mapper.valueToTree(setting.versions()));
        return node;
    }

    private ObjectNode json(Timing t) {
        ObjectNode node = t.toJson();
        node.put("seconds_median", t.median());
        node.put("seconds_min", t.least());
        node.put("seconds_max", t.most());
        node.put("images_per_second", imagesPerSecond(t));
        node.put("gflops", gflops(t));
        roofs.ifPresent(r -> node.put("share_of_gemm_peak", gflops(t) * GIGA / r.gemm()));
        return node;
    }

    /** A table for people. */
    void print(PrintWriter out) {
        line(out, "%s, %s, batch %d, %s, %s", work.preset(), mode(), work.batch(), work.images(), work.precision());
        line(out, "%s kernels, threads: %d", setting.kernels(), setting.threads());
        line(out, "%.1f M parameters, %.2f GFLOP an image", work.parameters() / 1e6, work.flopsPerImage() / GIGA);
        roofs.ifPresent(r -> line(
                out,
                "fastest matrix product here: %.0f GFLOP/s, memory copy: %.1f GB/s",
                r.gemm() / GIGA,
                r.copy() / GIGA));
        line(out, "intermediate arrays: %.2f GB", planBytes / GIGA);
        line(out, "");
        line(out, ROW, "", "images/s", "speedup", "GFLOP/s", "of peak", "seconds (min - max)", "peak memory");
        row(out, "dino4j", ours);
        stock.ifPresent(t -> row(out, STOCK, t));
        stockFailure.ifPresent(why -> line(out, "%-15s not measured: %s", STOCK, why));
        profile.ifPresent(p -> print(out, p));
        out.flush();
    }

    private void row(PrintWriter out, String name, Timing t) {
        String speedup = stock.isEmpty() ? "" : text("%.2fx", stock.get().median() / t.median());
        String share = roofs.map(r -> text("%.0f%%", 100 * gflops(t) * GIGA / r.gemm()))
                .orElse("-");
        String seconds = text("%.3f (%.3f - %.3f)", t.median(), t.least(), t.most());
        String memory =
                t.peakBytes().isEmpty() ? "-" : text("%.2f GB", t.peakBytes().getAsLong() / GIGA);
        line(
                out,
                ROW,
                name,
                text("%.2f", imagesPerSecond(t)),
                speedup,
                text("%.1f", gflops(t)),
                share,
                seconds,
                memory);
    }

    private static void print(PrintWriter out, OpProfile profile) {
        line(out, "");
        line(out, OP, "op", "count", "ms", "share", "GFLOP/s", "GB/s", "roof", "of roof");
        for (OpProfile.Line l : profile.lines()) {
            line(
                    out,
                    OP,
                    l.op(),
                    l.count(),
                    text("%.2f", l.millis()),
                    text("%.1f%%", 100 * l.share()),
                    l.gflops() == 0 ? "-" : text("%.1f", l.gflops()),
                    text("%.1f", l.gigabytes()),
                    l.roof().map(r -> r.name().toLowerCase(Locale.ROOT)).orElse("-"),
                    l.ofRoof().isEmpty() ? "-" : text("%.0f%%", 100 * l.ofRoof().getAsDouble()));
        }
    }

    private static void line(PrintWriter out, String format, Object... values) {
        out.println(text(format, values).stripTrailing());
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
