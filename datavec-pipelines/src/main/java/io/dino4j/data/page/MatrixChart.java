package io.dino4j.data.page;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Counts of pairs as a table of shaded cells, as inline SVG: the darker, the larger the share of its row. Colours follow the page's style sheet.
 *
 * @param title what is shown
 * @param rowLabel what the rows stand for
 * @param columnLabel what the columns stand for
 * @param names of rows and columns
 * @param counts {@code [names, names]}, 0 or more
 */
public record MatrixChart(String title, String rowLabel, String columnLabel, List<String> names, long[][] counts) {
    private static final int SIZE = 480;
    private static final int LEFT = 110;
    private static final int TOP = 20;
    private static final int BOTTOM = 90;

    /** Classes up to which cells hold their counts, and rows their names. */
    private static final int READABLE = 25;

    private static final int LONGEST_NAME = 16;

    /** The chart as HTML. */
    public String html() {
        int n = names.size();
        double cell = (double) (SIZE - LEFT) / n;
        StringBuilder cells = new StringBuilder();
        for (int r = 0; r < n; r++) {
            long total = Math.max(1, Arrays.stream(counts[r]).sum());
            for (int c = 0; c < n; c++) {
                if (counts[r][c] > 0) {
                    cells.append(cell(r, c, cell, (double) counts[r][c] / total));
                }
            }
        }
        String text = Page.escape(title);
        int height = TOP + SIZE - LEFT + BOTTOM;
        return """
                <figure><figcaption><b>%s</b><span>rows: %s, columns: %s</span></figcaption>
                <svg viewBox="0 0 %d %d" role="img" aria-label="%s" style="max-width:640px">
                <path class="grid" d="M%d %dh%dv%dh-%dz"/>%s%s</svg></figure>
                """
                .formatted(
                        text,
                        Page.escape(rowLabel),
                        Page.escape(columnLabel),
                        SIZE + 4,
                        height,
                        text,
                        LEFT,
                        TOP,
                        SIZE - LEFT,
                        SIZE - LEFT,
                        SIZE - LEFT,
                        cells,
                        n <= READABLE ? labels(cell) : "");
    }

    private String cell(int r, int c, double cell, double share) {
        double x = LEFT + c * cell;
        double y = TOP + r * cell;
        String number = names.size() <= READABLE
                ? String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>",
                        x + cell / 2,
                        y + cell / 2 + 4,
                        counts[r][c])
                : "";
        return String.format(
                Locale.ROOT,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" style=\"fill:var(--%s);fill-opacity:%.2f\">"
                        + "<title>%s, %s: %d</title></rect>%s",
                x,
                y,
                cell,
                cell,
                r == c ? "hue" : "second",
                0.05 + 0.75 * share,
                Page.escape(names.get(r)),
                Page.escape(names.get(c)),
                counts[r][c],
                number);
    }

    private String labels(double cell) {
        StringBuilder labels = new StringBuilder();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            String shown = Page.escape(name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME - 1) + "…" : name);
            double middle = (i + 0.5) * cell;
            labels.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>"
                            + "<text transform=\"translate(%.1f %d) rotate(-60)\" text-anchor=\"end\">%s</text>",
                    LEFT - 6,
                    TOP + middle + 4,
                    shown,
                    LEFT + middle + 4,
                    TOP + SIZE - LEFT + 12,
                    shown));
        }
        return labels.toString();
    }
}
