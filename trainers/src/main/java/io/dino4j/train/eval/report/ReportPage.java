package io.dino4j.train.eval.report;

import io.dino4j.data.page.BarChart;
import io.dino4j.data.page.CurveChart;
import io.dino4j.data.page.MatrixChart;
import io.dino4j.data.page.Page;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A report as a page. */
final class ReportPage {
    /** Beyond this many bars a chart cannot be read. */
    private static final int MOST_BARS = 100;

    /** From here on a factor says more than a difference, for numbers such as k or a strength of regularisation. */
    private static final double WIDE = 9;

    private final EvaluationReport report;
    private final Page page;

    ReportPage(EvaluationReport report) {
        this.report = report;
        page = new Page(report.title());
    }

    Page page() {
        page.paragraph(
                "In brackets: 95% confidence intervals. Where those of two rows overlap much, the difference may be chance.");
        if (report.protocols().size() > 1) {
            table(report.summary());
        }
        for (String protocol : report.protocols()) {
            table(report.table(protocol));
            figures(protocol);
            details(protocol);
        }
        Map<String, String> facts = new LinkedHashMap<>(report.versions());
        report.evaluations().forEach(e -> facts.put("weights and preprocessing of " + e.subject(), e.fingerprint()));
        return page.provenance(report.command(), facts, settings());
    }

    private void table(EvaluationReport.Table table) {
        page.heading(table.title()).table(table.head(), table.rows());
    }

    private void figures(String protocol) {
        Set<String> titles = new LinkedHashSet<>();
        List<Evaluation> mine = mine(protocol);
        mine.forEach(e -> e.figures().forEach(f -> titles.add(f.title())));
        titles.forEach(title -> figure(title, mine));
    }

    private List<Evaluation> mine(String protocol) {
        return report.evaluations().stream()
                .filter(e -> e.protocol().equals(protocol))
                .toList();
    }

    /** The figures of one title, of all subjects. */
    private void figure(String title, List<Evaluation> mine) {
        List<CurveChart.Series> curves = new ArrayList<>();
        List<BarChart.Series> bars = new ArrayList<>();
        List<String> names = new ArrayList<>();
        String[] labels = {"", ""};
        for (Evaluation e : mine) {
            for (Figure f : e.figures()) {
                if (!f.title().equals(title)) {
                    continue;
                }
                if (f instanceof Figure.Curve c) {
                    curves.add(new CurveChart.Series(e.subject(), c.xs(), c.ys()));
                    labels[0] = c.xLabel();
                    labels[1] = c.yLabel();
                } else if (f instanceof Figure.Bars b
                        && b.names().size() <= MOST_BARS
                        && (names.isEmpty() || names.equals(b.names()))) {
                    bars.add(new BarChart.Series(e.subject(), b.values()));
                    names = b.names();
                } else {
                    ofOne(e.subject(), f);
                }
            }
        }
        if (!curves.isEmpty()) {
            page.html(new CurveChart(title, labels[0], labels[1], isWide(curves), curves).html());
        }
        if (!bars.isEmpty()) {
            page.html(new BarChart(title, names, bars).html());
        }
    }

    private static boolean isWide(List<CurveChart.Series> curves) {
        double low = curves.stream()
                .flatMapToDouble(c -> Arrays.stream(c.xs()))
                .min()
                .orElseThrow();
        double high = curves.stream()
                .flatMapToDouble(c -> Arrays.stream(c.xs()))
                .max()
                .orElseThrow();
        return low > 0 && high / low > WIDE;
    }

    private void ofOne(String subject, Figure figure) {
        String title = figure.title() + ", " + subject;
        if (figure instanceof Figure.Matrix m) {
            page.html(new MatrixChart(title, m.rowLabel(), m.columnLabel(), m.names(), m.counts()).html());
        } else if (figure instanceof Figure.Table t) {
            page.html("<p></p>").paragraph(title).table(t.head(), t.rows());
        } else if (figure instanceof Figure.Bars b) {
            List<List<String>> rows = new ArrayList<>();
            for (int i = 0; i < b.names().size(); i++) {
                rows.add(List.of(b.names().get(i), "%.4g".formatted(b.values()[i])));
            }
            page.html("<details><summary>" + Page.escape(title) + "</summary>")
                    .table(List.of("", ""), rows)
                    .html("</details>\n");
        } else if (figure instanceof Figure.Gallery g) {
            gallery(title, g);
        }
    }

    private void gallery(String title, Figure.Gallery gallery) {
        page.html("<p></p>").paragraph(title).html("<div class=\"sheet\">\n");
        for (Figure.Panel panel : gallery.panels()) {
            page.html("<figure><figcaption>" + Page.escape(panel.caption()) + "</figcaption>")
                    .html(panel.pictures().stream()
                            .map(p ->
                                    "<img alt=\"%s\" src=\"%s\">".formatted(Page.escape(panel.caption()), Page.jpeg(p)))
                            .collect(Collectors.joining()))
                    .html("</figure>\n");
        }
        page.html("</div>\n");
    }

    private void details(String protocol) {
        page.html("<details><summary>Data and settings</summary><table class=\"facts\">");
        for (Evaluation e : mine(protocol)) {
            Map<String, String> all = new LinkedHashMap<>(e.data());
            all.putAll(e.settings());
            all.forEach((name, value) -> page.html("<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n"
                    .formatted(Page.escape(e.subject()), Page.escape(name), Page.escape(value))));
        }
        page.html("</table></details>\n");
    }

    private String settings() {
        return report.evaluations().stream()
                .map(e -> e.protocol() + ", " + e.subject() + ": " + e.settings())
                .collect(Collectors.joining("\n"));
    }
}
