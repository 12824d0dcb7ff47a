package io.dino4j.examples.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.train.MemoryNeed;
import io.dino4j.train.RunEstimate;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * An estimate, for people and for programs.
 *
 * @param estimate what the run needs
 * @param limit bytes that the machine can give; empty if it does not tell
 * @param remedies settings that save memory, to the bytes that the run needs with them
 */
record PlanTable(RunEstimate estimate, OptionalLong limit, Map<String, Long> remedies) {
    private static final double GIGA = 1e9;

    private boolean fits() {
        return limit.isEmpty() || estimate.memory().total() <= limit.getAsLong();
    }

    ObjectNode toJson() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("fits", fits());
        node.putObject("parameters")
                .put("backbone", estimate.backboneParameters())
                .put("heads", estimate.headParameters());
        node.put("memory_bytes", estimate.memory().total());
        limit.ifPresent(bytes -> node.put("memory_limit_bytes", bytes));
        ArrayNode phases = node.putArray("phases");
        for (RunEstimate.Phase p : estimate.phases()) {
            ObjectNode phase = phases.addObject()
                    .put("title", p.title())
                    .put("steps", p.steps())
                    .put("images_per_step", p.imagesPerStep())
                    .put("gflop_per_step", p.flopsPerStep() / GIGA);
            ObjectNode memory = phase.putObject("memory_bytes");
            p.memory().bytes().forEach(memory::put);
            p.time().ifPresent(t -> phase.put("seconds_per_step", t.perStep())
                    .put("evaluation_seconds", t.evaluations())
                    .put("hours", p.seconds().orElseThrow() / 3600));
        }
        estimate.seconds().ifPresent(s -> node.put("hours", s / 3600));
        ObjectNode help = node.putObject("memory_bytes_with");
        remedies.forEach(help::put);
        return node;
    }

    void print(PrintWriter out) {
        line(
                out,
                "parameters: %.2f M in the backbone, %.2f M in the heads",
                estimate.backboneParameters() / 1e6,
                estimate.headParameters() / 1e6);
        line(out, "");
        line(out, "memory");
        MemoryNeed memory = estimate.memory();
        memory.bytes().forEach((kind, bytes) -> line(out, "  %-26s %8.3f GB", kind, bytes / GIGA));
        line(
                out,
                "  %-26s %8.3f GB%s",
                "total",
                memory.total() / GIGA,
                limit.isEmpty() ? "" : text(" of %.1f GB that this machine can give", limit.getAsLong() / GIGA));
        line(out, "");
        for (RunEstimate.Phase p : estimate.phases()) {
            line(
                    out,
                    "%s: %,d steps of %d images, %.2f GFLOP a step",
                    p.title(),
                    p.steps(),
                    p.imagesPerStep(),
                    p.flopsPerStep() / GIGA);
            p.time()
                    .ifPresent(t -> line(
                            out,
                            "  %.3f s a step (%.1f images/s, %.0f GFLOP/s), %s; evaluations %s",
                            t.perStep(),
                            p.imagesPerStep() / t.perStep(),
                            p.flopsPerStep() / t.perStep() / GIGA,
                            duration(t.perStep() * p.steps()),
                            duration(t.evaluations())));
        }
        estimate.seconds().ifPresent(s -> line(out, "in all %s", duration(s)));
        if (!fits()) {
            line(out, "This does not fit into the memory that is free. What would help (--set):");
            remedies.forEach((setting, bytes) -> line(
                    out,
                    "  %-80s %8.2f GB%s",
                    setting,
                    bytes / GIGA,
                    bytes <= limit.orElse(Long.MAX_VALUE) ? "" : ", still too much"));
            line(out, "Fewer, or smaller, crops and a smaller network need less, too.");
        }
    }

    private static String duration(double seconds) {
        return seconds < 120
                ? text("%.0f s", seconds)
                : seconds < 2 * 3600 ? text("%.1f min", seconds / 60) : text("%.1f hours", seconds / 3600);
    }

    private static void line(PrintWriter out, String format, Object... args) {
        out.println(text(format, args));
    }

    private static String text(String format, Object... args) {
        return String.format(Locale.ROOT, format, args);
    }
}
