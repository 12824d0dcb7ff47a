package io.dino4j.train.sweep;

import io.dino4j.data.page.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Every candidate as a line over one axis for each key and one for the accuracy, as inline SVG. Colours come from the page's style sheet, so
 * that it follows light and dark.
 *
 * @param space the axes
 * @param board the lines; candidates without a score have none
 */
record ParallelCoordinates(List<Dimension> space, Leaderboard board) {
    private static final int WIDTH = 1080;
    private static final int HEIGHT = 340;
    private static final int SIDE = 90;
    private static final int TOP = 44;
    private static final int BOTTOM = 24;

    /** The weakest line can still be seen. */
    private static final double FAINTEST = 0.25;

    String html() {
        List<CandidateResult> scored =
                board.candidates().stream().filter(c -> c.score().isPresent()).toList();
        if (scored.isEmpty()) {
            return "";
        }
        double low =
                scored.stream().mapToDouble(c -> c.score().orElseThrow()).min().orElseThrow();
        double high =
                scored.stream().mapToDouble(c -> c.score().orElseThrow()).max().orElseThrow();
        StringBuilder svg = new StringBuilder();
        for (int i = 0; i < space.size(); i++) {
            axis(svg, i, space.get(i));
        }
        line(svg, space.size(), "k-NN accuracy");
        label(svg, space.size(), 0, Leaderboard.percent(low));
        label(svg, space.size(), 1, Leaderboard.percent(high));
        for (int rank = scored.size() - 1; rank >= 0; rank--) { // the best on top
            candidate(svg, scored.get(rank), rank, scored.size(), low, high);
        }
        return """
                <figure><svg viewBox="0 0 %d %d" role="img" aria-label="values and accuracy of each candidate">
                %s</svg></figure>
                """
                .formatted(WIDTH, HEIGHT, svg);
    }

    private double x(int axis) {
        return SIDE + (WIDTH - 2.0 * SIDE) * axis / space.size();
    }

    private static double y(double position) {
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * position;
    }

    private void axis(StringBuilder svg, int axis, Dimension d) {
        line(svg, axis, d.key());
        d.probes().forEach(value -> label(svg, axis, d.position(value), value));
    }

    private void line(StringBuilder svg, int axis, String title) {
        svg.append(String.format(
                Locale.ROOT,
                "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                x(axis),
                y(1),
                y(0),
                x(axis),
                axis % 2 == 0 ? TOP - 28 : TOP - 14, // long names side by side would meet
                Page.escape(title)));
    }

    private void label(StringBuilder svg, int axis, double position, String text) {
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%.1f\">%s</text>%n",
                x(axis) + 5,
                y(position) + 4,
                Page.escape(text)));
    }

    private void candidate(StringBuilder svg, CandidateResult c, int rank, int count, double low, double high) {
        List<String> points = new ArrayList<>();
        for (int i = 0; i < space.size(); i++) {
            Dimension d = space.get(i);
            points.add(String.format(Locale.ROOT, "%.1f %.1f", x(i), y(d.position(c.value(d.key())))));
        }
        double score = c.score().orElseThrow();
        double height = high > low ? (score - low) / (high - low) : 0.5;
        points.add(String.format(Locale.ROOT, "%.1f %.1f", x(space.size()), y(height)));
        svg.append(String.format(
                Locale.ROOT,
                "<path class=\"line\" style=\"%sopacity:%.2f\" d=\"M%s\"><title>%s</title></path>%n",
                style(c, rank),
                rank == 0 ? 1 : 1 - (1 - FAINTEST) * rank / count,
                String.join("L", points),
                Page.escape("candidate %d: %s, %s"
                        .formatted(c.index(), Leaderboard.percent(score), String.join(", ", c.assignments())))));
    }

    /** How the line of a candidate looks, here and among the curves. */
    static String style(CandidateResult c, int rank) {
        return (rank == 0 ? "stroke:var(--second);stroke-width:3;" : "")
                + (c.status() == CandidateResult.Status.STOPPED ? "stroke-dasharray:5 4;" : "");
    }
}
