package io.dino4j.data.page;

import java.util.List;
import java.util.Locale;

/**
 * Bars side by side as inline SVG. Colours come from the page's style sheet, so that it follows light and dark.
 *
 * @param title what is counted
 * @param labels of the groups of bars, in order
 * @param series one series or more, each with a value for every label, 0 or more
 */
public record BarChart(String title, List<String> labels, List<Series> series) {
    private static final int WIDTH = 700;
    private static final int HEIGHT = 220;
    private static final int LEFT = 62;
    private static final int TOP = 24;
    private static final int BOTTOM = 40;

    /**
     * Bars of one colour.
     *
     * @param name what they stand for
     * @param values one for each label
     */
    public record Series(String name, double[] values) {}

    /** Checks the numbers of values. */
    public BarChart {
        if (series.isEmpty()) {
            throw new IllegalArgumentException("expected one series or more, got none");
        }
        for (Series s : series) {
            if (s.values().length != labels.size()) {
                throw new IllegalArgumentException(
                        "%d values for %d labels".formatted(s.values().length, labels.size()));
            }
        }
    }

    /** The chart as HTML; empty if there is no bar. */
    public String html() {
        double high = series.stream()
                .flatMapToDouble(s -> java.util.Arrays.stream(s.values()))
                .max()
                .orElse(0);
        if (high <= 0) {
            return "";
        }
        StringBuilder bars = new StringBuilder();
        double group = (double) (WIDTH - LEFT - 8) / labels.size();
        double width = 0.8 * group / series.size();
        for (int s = 0; s < series.size(); s++) {
            bars.append("<g style=\"fill:%s\">".formatted(Palette.color(s)));
            for (int i = 0; i < labels.size(); i++) {
                double value = series.get(s).values()[i];
                double height = (HEIGHT - TOP - BOTTOM) * value / high;
                bars.append(String.format(
                        Locale.ROOT,
                        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%s, %s: %s</title></rect>",
                        LEFT + group * i + 0.1 * group + width * s,
                        HEIGHT - BOTTOM - height,
                        width,
                        height,
                        Page.escape(labels.get(i)),
                        Page.escape(series.get(s).name()),
                        number(value)));
            }
            bars.append("</g>");
        }
        return """
                <figure><figcaption>%s<b>%s</b></figcaption>
                <svg viewBox="0 0 %d %d" role="img" aria-label="%s">
                <path class="grid" d="M%d %dH%dM%d %dH%d"/>
                <text x="%d" y="%d" text-anchor="end">%s</text><text x="%d" y="%d" text-anchor="end">0</text>
                %s%s</svg></figure>
                """
                .formatted(
                        Page.escape(title),
                        Palette.legend(series.stream().map(Series::name).toList()),
                        WIDTH,
                        HEIGHT,
                        Page.escape(title),
                        LEFT,
                        TOP,
                        WIDTH - 8,
                        LEFT,
                        HEIGHT - BOTTOM,
                        WIDTH - 8,
                        LEFT - 6,
                        TOP + 4,
                        number(high),
                        LEFT - 6,
                        HEIGHT - BOTTOM + 4,
                        bars,
                        labels(group));
    }

    private String labels(double group) {
        StringBuilder texts = new StringBuilder();
        int every = Math.max(1, (int) Math.ceil(60 / group)); // or they would run into each other
        for (int i = 0; i < labels.size(); i += every) {
            texts.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                    LEFT + group * (i + 0.5),
                    HEIGHT - BOTTOM + 16,
                    Page.escape(labels.get(i))));
        }
        return texts.toString();
    }

    static String number(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.3g", value);
    }
}
