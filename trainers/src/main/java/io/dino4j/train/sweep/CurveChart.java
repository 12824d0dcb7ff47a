package io.dino4j.train.sweep;

import io.dino4j.data.page.Page;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The accuracy of every candidate over its steps in one chart, as inline SVG.
 *
 * @param board the lines; candidates that were never measured have none
 */
record CurveChart(Leaderboard board) {
    private static final int WIDTH = 1080;
    private static final int HEIGHT = 320;
    private static final int LEFT = 60;
    private static final int RIGHT = 70;
    private static final int TOP = 16;
    private static final int BOTTOM = 28;

    private static final double OTHERS = 0.6;

    String html() {
        List<CandidateResult> drawn =
                board.candidates().stream().filter(c -> !c.curve().isEmpty()).toList();
        if (drawn.isEmpty()) {
            return "";
        }
        double last = drawn.stream().mapToDouble(c -> c.curve().lastKey()).max().orElseThrow();
        double low = drawn.stream()
                .flatMapToDouble(c -> c.curve().values().stream().mapToDouble(a -> a))
                .min()
                .orElseThrow();
        double high = drawn.stream()
                .flatMapToDouble(c -> c.curve().values().stream().mapToDouble(a -> a))
                .max()
                .orElseThrow();
        StringBuilder lines = new StringBuilder();
        for (int rank = drawn.size() - 1; rank >= 0; rank--) { // the best on top
            lines.append(line(drawn.get(rank), rank, last, low, high));
        }
        return """
                <figure><svg viewBox="0 0 %d %d" role="img" aria-label="accuracy of each candidate over the steps">
                <path class="grid" d="M%d %dH%dM%d %dH%d"/>
                <text x="%d" y="%d" text-anchor="end">%s</text><text x="%d" y="%d" text-anchor="end">%s</text>
                <text x="%d" y="%d">0</text><text x="%d" y="%d" text-anchor="end">%.0f steps</text>
                %s</svg></figure>
                """
                .formatted(
                        WIDTH,
                        HEIGHT,
                        LEFT,
                        TOP,
                        WIDTH - RIGHT,
                        LEFT,
                        HEIGHT - BOTTOM,
                        WIDTH - RIGHT,
                        LEFT - 6,
                        TOP + 4,
                        Leaderboard.percent(high),
                        LEFT - 6,
                        HEIGHT - BOTTOM + 4,
                        Leaderboard.percent(low),
                        LEFT,
                        HEIGHT - 8,
                        WIDTH - RIGHT,
                        HEIGHT - 8,
                        last,
                        lines);
    }

    private static String line(CandidateResult c, int rank, double last, double low, double high) {
        StringBuilder path = new StringBuilder();
        StringBuilder dots = new StringBuilder();
        double x = LEFT;
        double y = TOP;
        for (Map.Entry<Long, Double> point : c.curve().entrySet()) {
            x = LEFT + (WIDTH - LEFT - RIGHT) * (last > 0 ? point.getKey() / last : 0);
            y = TOP + (HEIGHT - TOP - BOTTOM) * (high > low ? (high - point.getValue()) / (high - low) : 0.5);
            path.append(String.format(Locale.ROOT, "%s%.1f %.1f", path.isEmpty() ? "M" : "L", x, y));
            dots.append(String.format(Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>", x, y));
        }
        String title = "candidate %d: %s".formatted(c.index(), String.join(", ", c.assignments()));
        return String.format(
                Locale.ROOT,
                "<g style=\"opacity:%.2f\"><path class=\"line\" style=\"%s\" d=\"%s\"><title>%s</title></path>"
                        + "<g class=\"dots%s\">%s</g><text x=\"%.1f\" y=\"%.1f\">%d</text></g>%n",
                rank == 0 ? 1 : OTHERS,
                ParallelCoordinates.style(c, rank),
                path,
                Page.escape(title),
                rank == 0 ? " second" : "",
                dots,
                x + 6,
                y + 4,
                c.index());
    }
}
