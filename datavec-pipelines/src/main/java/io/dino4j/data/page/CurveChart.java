package io.dino4j.data.page;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * Curves over one axis as inline SVG. Colours follow the page's style sheet.
 *
 * @param title what is shown
 * @param xLabel what goes to the right
 * @param yLabel what goes up
 * @param logX whether equal steps to the right are equal factors; all x are above 0 then
 * @param series one curve or more
 */
public record CurveChart(String title, String xLabel, String yLabel, boolean logX, List<Series> series) {
    private static final int WIDTH = 700;
    private static final int HEIGHT = 300;
    private static final int LEFT = 62;
    private static final int TOP = 14;
    private static final int BOTTOM = 44;
    private static final int FEW_POINTS = 40;
    private static final int LINES = 4;

    /**
     * One curve.
     *
     * @param name what it is of
     * @param xs ascending, finite, one at least
     * @param ys one for each x, finite
     */
    public record Series(String name, double[] xs, double[] ys) {
        /** Checks the numbers of points. */
        public Series {
            if (xs.length == 0 || xs.length != ys.length) {
                throw new IllegalArgumentException(
                        "'%s': %d points to the right and %d up".formatted(name, xs.length, ys.length));
            }
        }
    }

    /** Checks the axis. */
    public CurveChart {
        if (series.isEmpty()) {
            throw new IllegalArgumentException("'%s' has no curve".formatted(title));
        }
        series = List.copyOf(series);
        if (logX && xs(series).min().orElseThrow() <= 0) {
            throw new IllegalArgumentException("'%s': x must be above 0 for a logarithmic axis".formatted(title));
        }
    }

    private static DoubleStream xs(List<Series> series) {
        return series.stream().flatMapToDouble(s -> Arrays.stream(s.xs()));
    }

    private static DoubleStream ys(List<Series> series) {
        return series.stream().flatMapToDouble(s -> Arrays.stream(s.ys()));
    }

    /** Where numbers are drawn: from data to pixels. */
    private record Axis(double low, double high, boolean log, double from, double to) {
        double at(double value) {
            double share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
            return from + (to - from) * (high > low ? share : 0.5);
        }
    }

    /** The chart as HTML. */
    public String html() {
        Axis x = new Axis(xs(series).min().orElseThrow(), xs(series).max().orElseThrow(), logX, LEFT, WIDTH - 8);
        Axis y = new Axis(ys(series).min().orElseThrow(), ys(series).max().orElseThrow(), false, HEIGHT - BOTTOM, TOP);
        StringBuilder body = new StringBuilder(grid(y)).append(ticks(x));
        for (int i = 0; i < series.size(); i++) {
            body.append(curve(series.get(i), x, y, Palette.color(i)));
        }
        String name = Page.escape(title);
        return """
                <figure><figcaption>%s<span>%s</span></figcaption>
                <svg viewBox="0 0 %d %d" role="img" aria-label="%s">%s
                <text x="%d" y="%d" text-anchor="end">%s</text><text x="%d" y="%d">%s</text></svg></figure>
                """
                .formatted(
                        "<b>" + name + "</b>",
                        Palette.legend(series.stream().map(Series::name).toList()),
                        WIDTH,
                        HEIGHT,
                        name,
                        body,
                        WIDTH - 8,
                        HEIGHT - 6,
                        Page.escape(xLabel),
                        4,
                        10,
                        Page.escape(yLabel));
    }

    private static String grid(Axis y) {
        StringBuilder grid = new StringBuilder();
        for (int i = 0; i <= LINES; i++) {
            double value = y.low + (y.high - y.low) * i / LINES;
            grid.append(String.format(
                    Locale.ROOT,
                    "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                    LEFT,
                    y.at(value),
                    WIDTH - 8,
                    LEFT - 6,
                    y.at(value) + 4,
                    BarChart.number(value)));
            if (y.high == y.low) {
                break;
            }
        }
        return grid.toString();
    }

    /** The positions of points where they are few; else the ends. */
    private String ticks(Axis x) {
        double[] places = xs(series).distinct().sorted().toArray();
        if (places.length > 12) {
            places = new double[] {x.low, (x.low + x.high) / 2, x.high};
        }
        StringBuilder ticks = new StringBuilder();
        double last = Double.NEGATIVE_INFINITY;
        for (double place : places) {
            if (x.at(place) - last < 36) { // they would run into each other
                continue;
            }
            last = x.at(place);
            ticks.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                    last,
                    HEIGHT - BOTTOM + 16,
                    BarChart.number(place)));
        }
        return ticks.toString();
    }

    private static String curve(Series s, Axis x, Axis y, String color) {
        StringBuilder path = new StringBuilder();
        StringBuilder dots = new StringBuilder();
        for (int i = 0; i < s.xs.length; i++) {
            double px = x.at(s.xs[i]);
            double py = y.at(s.ys[i]);
            path.append(String.format(Locale.ROOT, "%s%.1f %.1f", i == 0 ? "M" : "L", px, py));
            if (s.xs.length <= FEW_POINTS) {
                dots.append(String.format(
                        Locale.ROOT,
                        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%s, %s: %s</title></circle>",
                        px,
                        py,
                        Page.escape(s.name),
                        BarChart.number(s.xs[i]),
                        BarChart.number(s.ys[i])));
            }
        }
        return "<path class=\"line\" style=\"stroke:%s\" d=\"%s\"/><g style=\"fill:%s\">%s</g>"
                .formatted(color, path, color, dots);
    }
}
