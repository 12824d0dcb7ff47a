package io.dino4j.examples.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.data.page.CurveChart;
import io.dino4j.data.page.Page;
import io.dino4j.train.scaling.Machine;
import io.dino4j.train.scaling.MemoryByServers;
import io.dino4j.train.scaling.ScalingStudy;
import io.dino4j.train.scaling.SimulatedStep;
import io.dino4j.train.scaling.Traffic;
import io.dino4j.train.scaling.Workload;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What simulations came to, for people and for programs.
 *
 * @param machine constants, but for the network
 * @param sizes numbers of workers that were asked for
 * @param lines a curve each
 */
record ScalingTable(Machine machine, int[] sizes, List<Line> lines) {
    private static final double GIGA = 1e9;

    /**
     * One curve.
     *
     * @param work of a worker
     * @param network Gbit/s
     * @param gradients how they travel, as the user wrote it
     * @param curve over the workers
     */
    record Line(Workload work, double network, String gradients, ScalingStudy.Curve curve) {
        String bend() {
            return curve.bend().isPresent() ? text("%.0f", curve.bend().getAsDouble()) : "none";
        }
    }

    private boolean isAsked(ScalingStudy.Point p) {
        return Arrays.stream(sizes).anyMatch(w -> w == p.cluster().workers());
    }

    private List<ScalingStudy.Point> asked(Line line) {
        return line.curve().points().stream().filter(this::isAsked).toList();
    }

    ObjectNode json() {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode node = mapper.createObjectNode();
        node.set("machine", mapper.valueToTree(machine));
        ArrayNode curves = node.putArray("curves");
        for (Line line : lines) {
            ObjectNode curve = curves.addObject();
            curve.put("preset", line.work().name())
                    .put("parameters", line.work().parameters())
                    .put("network_gbit", line.network())
                    .put("gradients", line.gradients());
            line.curve().bend().ifPresentOrElse(b -> curve.put("bend_workers", b), () -> curve.putNull("bend_workers"));
            ArrayNode points = curve.putArray("points");
            line.curve().points().forEach(p -> put(points.addObject(), line.work(), p));
        }
        return node;
    }

    private static void put(ObjectNode node, Workload work, ScalingStudy.Point p) {
        SimulatedStep step = p.step();
        Traffic formula = Traffic.of(work, p.cluster());
        MemoryByServers memory = MemoryByServers.of(work, p.cluster());
        node.put("workers", p.cluster().workers())
                .put("servers", p.cluster().servers())
                .put("seconds_per_step", step.seconds())
                .put("speed_up", p.speedUp())
                .put("efficiency", p.efficiency())
                .put("exchange_share", step.exchangeShare())
                .put("busiest", step.load().busiest())
                .put("worker_sends_bytes", step.workerSends())
                .put("worker_sends_bytes_by_formula", formula.workerSends())
                .put("worker_receives_bytes", step.workerReceives())
                .put("worker_receives_bytes_by_formula", formula.workerReceives())
                .put("server_receives_bytes", step.serverReceives())
                .put("server_receives_bytes_by_formula", formula.serverReceives())
                .put("server_sends_bytes", step.serverSends())
                .put("server_sends_bytes_by_formula", formula.serverSends())
                .put("server_memory_bytes", memory.server())
                .put("server_waiting_bytes", step.waitingBytes())
                .put("server_memory_bytes_at_most", memory.serverAtMost())
                .put("worker_memory_bytes", memory.worker());
    }

    void print(PrintWriter out, boolean details) {
        Map<String, Workload> works = new LinkedHashMap<>();
        lines.forEach(l -> works.put(l.work().name(), l.work()));
        line(
                out,
                "a worker: %.0f GFLOP/s, compute times spread by %.2f",
                machine.flopsPerSecond() / GIGA,
                machine.computeSpread());
        works.values()
                .forEach(w -> line(
                        out,
                        "%s: %.1f M parameters, %.0f GFLOP an image, a worker has %.2f GB, all servers together %.2f GB and what waits",
                        w.name(),
                        w.parameters() / 1e6,
                        w.flopsPerImage() / GIGA,
                        w.workerBytes() / GIGA,
                        20.0 * w.parameters() / GIGA));
        line(out, "");
        if (details) {
            printPoints(out);
        } else {
            printCurves(out);
        }
    }

    private void printCurves(PrintWriter out) {
        StringBuilder head = new StringBuilder(text("%-12s %8s %-15s", "efficiency", "Gbit/s", "gradients"));
        for (int w : sizes) {
            head.append(text("%8d", w));
        }
        line(out, "%s   %s", head, "below 80% at");
        for (Line l : lines) {
            StringBuilder row =
                    new StringBuilder(text("%-12s %8s %-15s", l.work().name(), number(l.network()), l.gradients()));
            for (int w : sizes) {
                row.append(text(
                        "%8s",
                        l.curve().points().stream()
                                .filter(p -> p.cluster().workers() == w)
                                .map(p -> text("%.0f%%", 100 * p.efficiency()))
                                .findFirst()
                                .orElse("-")));
            }
            line(out, "%s   %s", row, l.bend());
        }
    }

    private void printPoints(PrintWriter out) {
        String row = "%-10s %7s %-10s %7s %7s %10s %9s %10s %9s %11s %11s %11s %9s  %s";
        line(
                out,
                row,
                "",
                "Gbit/s",
                "gradients",
                "workers",
                "servers",
                "s/step",
                "speed-up",
                "efficiency",
                "exchange",
                "worker out",
                "worker in",
                "server in",
                "server",
                "busiest");
        for (Line l : lines) {
            for (ScalingStudy.Point p : asked(l)) {
                SimulatedStep s = p.step();
                MemoryByServers memory = MemoryByServers.of(l.work(), p.cluster());
                line(
                        out,
                        row,
                        l.work().name(),
                        number(l.network()),
                        l.gradients(),
                        p.cluster().workers(),
                        p.cluster().servers(),
                        text("%.3f", s.seconds()),
                        text("%.2f", p.speedUp()),
                        text("%.0f%%", 100 * p.efficiency()),
                        text("%.0f%%", 100 * s.exchangeShare()),
                        gigabytes(s.workerSends()),
                        gigabytes(s.workerReceives()),
                        gigabytes(s.serverReceives()),
                        gigabytes(memory.server() + s.waitingBytes()),
                        s.load().busiest());
            }
        }
    }

    /** Charts, one for each preset and form of gradients. */
    Page page() {
        Page page = new Page("Scaling, simulated");
        page.paragraph(text(
                "Speed-up and efficiency against one process without servers; %.0f GFLOP/s a worker.",
                machine.flopsPerSecond() / GIGA));
        Map<String, List<Line>> groups = new LinkedHashMap<>();
        lines.forEach(l -> groups.computeIfAbsent(l.work().name() + ", " + l.gradients(), g -> new ArrayList<>())
                .add(l));
        groups.forEach((title, group) -> page.heading(title)
                .html(chart("Speed-up", group, ScalingStudy.Point::speedUp))
                .html(chart("Efficiency", group, ScalingStudy.Point::efficiency)));
        return page;
    }

    private static String chart(String what, List<Line> group, ToDoubleFunction<ScalingStudy.Point> value) {
        List<CurveChart.Series> series = group.stream()
                .filter(l -> !l.curve().points().isEmpty())
                .map(l -> new CurveChart.Series(
                        number(l.network()) + " Gbit/s",
                        l.curve().points().stream()
                                .mapToDouble(p -> p.cluster().workers())
                                .toArray(),
                        l.curve().points().stream().mapToDouble(value).toArray()))
                .toList();
        return series.isEmpty() ? "" : new CurveChart(what, "workers", "", true, series).html();
    }

    private static String gigabytes(double bytes) {
        return text("%.3f GB", bytes / GIGA);
    }

    private static String number(double value) {
        return value == Math.rint(value) ? text("%.0f", value) : Double.toString(value);
    }

    private static void line(PrintWriter out, String format, Object... values) {
        out.println(text(format, values).stripTrailing());
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
