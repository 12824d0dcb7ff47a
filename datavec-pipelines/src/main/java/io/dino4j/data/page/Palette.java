package io.dino4j.data.page;

import java.util.List;

/** Colours of the series of a chart: the page's own two, then others that stand out on light and dark. */
final class Palette {
    private static final List<String> COLORS =
            List.of("var(--hue)", "var(--second)", "#2a9d5c", "#c2477f", "#7c5cd6", "#8a8f98");

    private Palette() {}

    /** The colour of a series, from 0; they come again after the last. */
    static String color(int series) {
        return COLORS.get(series % COLORS.size());
    }

    /** A legend of series. */
    static String legend(List<String> names) {
        StringBuilder legend = new StringBuilder();
        for (int i = 0; i < names.size(); i++) {
            legend.append(" <span style=\"color:%s\">&#9632;</span> ".formatted(color(i)))
                    .append(Page.escape(names.get(i)));
        }
        return legend.toString();
    }
}
