package io.dino4j.train.report;

import io.dino4j.data.page.Page;
import io.dino4j.train.metrics.MetricsLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One metric over the steps as inline SVG. Colours come from the page's style sheet, so that it follows light and dark. */
record LineChart(String name, List<MetricsLog.Record> records) {
    private static final int WIDTH = 340;
    private static final int HEIGHT = 150;
    private static final int LEFT = 62;
    private static final int TOP = 10;
    private static final int BOTTOM = 22;
    private static final int MOST_POINTS = 400; // more are averaged: they would not be seen
    private static final int FEW_POINTS = 40;

    private record Point(double step, double value) {}

    String svg() {
        List<Point> points = points();
        if (points.isEmpty()) {
            return "";
        }
        double low = points.stream().mapToDouble(Point::value).min().orElseThrow();
        double high = points.stream().mapToDouble(Point::value).max().orElseThrow();
        double first = records.get(0).step();
        double last = records.get(records.size() - 1).step();
        StringBuilder path = new StringBuilder();
        StringBuilder dots = new StringBuilder();
        for (Point p : points) {
            double x = LEFT + (WIDTH - LEFT - 8) * (last > first ? (p.step() - first) / (last - first) : 0.5);
            double y = TOP + (HEIGHT - TOP - BOTTOM) * (high > low ? (high - p.value()) / (high - low) : 0.5);
            path.append(String.format(Locale.ROOT, "%s%.1f %.1f", path.isEmpty() ? "M" : "L", x, y));
            if (points.size() <= FEW_POINTS) {
                dots.append(String.format(Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>", x, y));
            }
        }
        String title = Page.escape(name);
        double end = points.get(points.size() - 1).value();
        return """
                <figure><figcaption>%s <b>%s</b></figcaption>
                <svg viewBox="0 0 %d %d" role="img" aria-label="%s from %s to %s">
                <path class="grid" d="M%d %dH%dM%d %dH%d"/>
                <text x="%d" y="%d" text-anchor="end">%s</text><text x="%d" y="%d" text-anchor="end">%s</text>
                <text x="%d" y="%d">%s</text><text x="%d" y="%d" text-anchor="end">%s</text>
                <path class="line" d="%s"/><g class="dots">%s</g></svg></figure>
                """
                .formatted(
                        title,
                        number(end),
                        WIDTH,
                        HEIGHT,
                        title,
                        number(points.get(0).value()),
                        number(end),
                        LEFT,
                        TOP,
                        WIDTH - 8,
                        LEFT,
                        HEIGHT - BOTTOM,
                        WIDTH - 8,
                        LEFT - 6,
                        TOP + 4,
                        high > low ? number(high) : "",
                        LEFT - 6,
                        HEIGHT - BOTTOM + 4,
                        high > low ? number(low) : "",
                        LEFT,
                        HEIGHT - 6,
                        number(first),
                        WIDTH - 8,
                        HEIGHT - 6,
                        number(last),
                        path,
                        dots);
    }

    private List<Point> points() {
        List<Point> all = new ArrayList<>();
        for (MetricsLog.Record r : records) {
            Double v = r.values().get(name);
            if (v != null && Double.isFinite(v)) {
                all.add(new Point(r.step(), v));
            }
        }
        int bin = Math.max(1, (all.size() + MOST_POINTS - 1) / MOST_POINTS);
        List<Point> binned = new ArrayList<>();
        for (int from = 0; from < all.size(); from += bin) {
            List<Point> part = all.subList(from, Math.min(all.size(), from + bin));
            binned.add(new Point(
                    part.stream().mapToDouble(Point::step).average().orElseThrow(),
                    part.stream().mapToDouble(Point::value).average().orElseThrow()));
        }
        return binned;
    }

    /** At most four significant digits, without a tail of zeros. */
    static String number(double v) {
        if (v == Math.rint(v) && Math.abs(v) < 1e7) {
            return String.format(Locale.ROOT, "%.0f", v);
        }
        boolean plain = Math.abs(v) >= 1e-3 && Math.abs(v) < 1e5;
        if (!plain) {
            return String.format(Locale.ROOT, "%.2e", v);
        }
        int digits = Math.max(0, 3 - (int) Math.floor(Math.log10(Math.abs(v))));
        String text = String.format(Locale.ROOT, "%." + digits + "f", v);
        return text.contains(".") ? text.replaceFirst("\\.?0+$", "") : text;
    }
}
