package io.dino4j.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** All that was measured, for people and for programs. */
final class Report {
    private static final String ROW = "%-62s %10s %10s  %-26s %8s  %-8s %-4s %7s %8s %8s";
    private static final double GIGA = 1e9;

    private final Machine machine;
    private final String command;
    private final int threads;
    private final List<Part> parts = new ArrayList<>();

    /** One line: its rows, or why there are none. */
    private record Part(Line line, List<Row> rows, String failure, double seconds) {}

    Report(Machine machine, String command, int threads) {
        this.machine = machine;
        this.command = command;
        this.threads = threads;
    }

    void add(Line line, List<Row> rows, double seconds) {
        parts.add(new Part(line, rows, "", seconds));
    }

    void fail(Line line, String why, double seconds) {
        parts.add(new Part(line, List.of(), why, seconds));
    }

    boolean complete() {
        return parts.stream().allMatch(p -> p.failure().isEmpty());
    }

    /** A table. */
    void print(PrintStream out) {
        out.printf(
                Locale.ROOT,
                "%s, %.0f GB, %s%n%s%n%s, load before %.1f, %d threads%n%n",
                machine.processor(),
                machine.memory() / GIGA,
                machine.system(),
                machine.java(),
                machine.date(),
                machine.load(),
                threads);
        row(out, "", "dino4j", "rival", "", "ratio", "wanted", "", "of peak", "memory", "its");
        for (Part part : parts) {
            for (Row r : part.rows()) {
                row(
                        out,
                        "%s, %s".formatted(r.what(), r.unit()),
                        number(r.ours()),
                        r.rival().map(x -> number(x.value())).orElse(""),
                        r.rival().map(Row.Rival::name).orElse(""),
                        r.ratio().isPresent()
                                ? String.format(Locale.ROOT, "%.2f", r.ratio().getAsDouble())
                                : "",
                        r.goal().map(Goal::toString).orElse(""),
                        r.met().map(met -> met ? "yes" : "NO").orElse(""),
                        r.peakShare().isPresent()
                                ? String.format(
                                        Locale.ROOT,
                                        "%.0f%%",
                                        100 * r.peakShare().getAsDouble())
                                : "",
                        gigabytes(r.memory()),
                        gigabytes(r.rival().map(Row.Rival::memory).orElse(OptionalLong.empty())));
            }
            if (!part.failure().isEmpty()) {
                out.printf("%s: not measured: %s%n", part.line().name(), part.failure());
            }
        }
        out.printf("%nMemory: the most a process had resident, GB.%n");
    }

    private static void row(PrintStream out, Object... cells) {
        out.println(String.format(Locale.ROOT, ROW, cells).stripTrailing());
    }

    private static String number(double value) {
        double size = Math.abs(value);
        return String.format(
                Locale.ROOT, size >= 1000 ? "%,.0f" : size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.3f", value);
    }

    private static String gigabytes(OptionalLong bytes) {
        return bytes.isEmpty() ? "" : String.format(Locale.ROOT, "%.2f", bytes.getAsLong() / GIGA);
    }

    /** One object. */
    ObjectNode toJson() {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode node = mapper.createObjectNode();
        node.put("command", command);
        node.put("threads", threads);
        node.set("machine", mapper.valueToTree(machine));
        ArrayNode lines = node.putArray("lines");
        for (Part part : parts) {
            ObjectNode line = lines.addObject();
            line.put("name", part.line().name());
            line.put("title", part.line().title());
            line.put("seconds", part.seconds());
            if (part.failure().isEmpty()) {
                ArrayNode rows = line.putArray("rows");
                part.rows().forEach(r -> rows.add(r.toJson()));
            } else {
                line.put("failure", part.failure());
            }
        }
        return node;
    }
}
