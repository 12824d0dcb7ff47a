package io.dino4j.train.report;

import io.dino4j.data.image.Image;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A run on one page: curves, nearest-neighbour accuracies, pictures of patch features, configuration and versions. The
 * page holds its pictures and styles itself, and runs no script. Every text is escaped.
 *
 * @param title heading
 * @param command how the run was started
 * @param config the resolved configuration as YAML
 * @param versions of the program and what it ran on, by name
 * @param events what befell the run, a line each
 * @param metrics every record of the run
 * @param accuracies k-NN results, one row each, such as raw pixels, before and after training
 * @param patches images and their patch features, if there are any to show
 */
public record RunReport(
        String title,
        String command,
        String config,
        Map<String, String> versions,
        List<String> events,
        List<MetricsLog.Record> metrics,
        List<Accuracy> accuracies,
        Optional<PatchSamples> patches) {

    /**
     * One row of the table.
     *
     * @param name what was classified
     * @param byK accuracy, 0 to 1, by number of neighbours
     */
    public record Accuracy(String name, Map<Integer, Double> byK) {}

    private static final Set<String> SCHEDULES =
            Set.of("lr", "weight_decay", "momentum", "teacher_temp", "last_layer_lr", "last_lr");

    private static final Set<String> HEALTH = Set.of(
            "teacher_entropy",
            "teacher_entropy_share",
            "prototypes_used",
            "prototype_use",
            "prototypes_winning",
            "feature_std",
            "koleo_distance");

    private static final String STYLE =
            """
            :root{color-scheme:light dark;--ink:#1c2430;--dim:#667085;--line:#d8dee8;--card:#f6f8fb;--page:#fff;--hue:#2563eb}
            @media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--dim:#98a2b3;--line:#344054;--card:#1a212c;--page:#11161d;--hue:#7aa7ff}}
            *{box-sizing:border-box}
            body{margin:0 auto;padding:32px 24px 64px;max-width:1160px;background:var(--page);color:var(--ink);
              font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
            h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 12px}p,.dim{color:var(--dim);margin:0 0 8px}
            .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:14px}
            figure{margin:0;padding:12px;background:var(--card);border:1px solid var(--line);border-radius:8px}
            figcaption{display:flex;justify-content:space-between;font-size:13px;color:var(--dim)}figcaption b{color:var(--ink)}
            svg{width:100%;height:auto;display:block}svg text{font-size:11px;fill:var(--dim)}
            .grid{stroke:var(--line);fill:none}.line{stroke:var(--hue);stroke-width:1.6;fill:none;stroke-linejoin:round}
            .dots{fill:var(--hue)}
            table{border-collapse:collapse}th,td{padding:6px 14px;border-bottom:1px solid var(--line);text-align:right}
            th:first-child,td:first-child,.facts td{text-align:left}th{color:var(--dim);font-weight:500}
            .pairs{display:flex;flex-wrap:wrap;gap:12px}.pair{display:flex;gap:2px;border-radius:6px;overflow:hidden}
            .pair img{width:112px;height:112px;display:block;image-rendering:pixelated}
            pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;overflow:auto;font-size:13px;margin:0}
            details{margin-top:8px}summary{cursor:pointer;color:var(--dim)}
            """;

    /**
     * Writes the page.
     *
     * @param file target; replaced whole if it exists
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        Path target = file.toAbsolutePath();
        Path draft =
                target.resolveSibling("." + target.getFileName() + ".draft"); // a temporary file is for its owner only
        try {
            Files.writeString(draft, html());
            Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    /** The page as text. */
    public String html() {
        StringBuilder page = new StringBuilder();
        page.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>")
                .append(escape(title))
                .append("</title>\n<style>\n")
                .append(STYLE)
                .append("</style></head><body>\n<h1>")
                .append(escape(title))
                .append("</h1>\n")
                .append(summary());
        events(page);
        accuracyTable(page);
        patchPictures(page);
        Set<String> names = new LinkedHashSet<>();
        metrics.forEach(r -> names.addAll(r.values().keySet()));
        charts(page, "Losses", names, RunReport::isLoss);
        charts(page, "Schedules", names, SCHEDULES::contains);
        charts(page, "Health of the teacher", names, HEALTH::contains);
        charts(page, "Other measurements", names, n -> !isLoss(n) && !SCHEDULES.contains(n) && !HEALTH.contains(n));
        provenance(page);
        return page.append("</body></html>\n").toString();
    }

    private static boolean isLoss(String name) {
        return name.contains("loss");
    }

    private void events(StringBuilder page) {
        if (!events.isEmpty()) {
            page.append("<ul>\n");
            events.forEach(e -> page.append("<li>").append(escape(e)).append("</li>\n"));
            page.append("</ul>\n");
        }
    }

    private String summary() {
        if (metrics.isEmpty()) {
            return "<p>No step was recorded.</p>\n";
        }
        long first = metrics.get(0).step();
        long last = metrics.get(metrics.size() - 1).step();
        return "<p>Steps %d to %d, %d records.</p>\n".formatted(first, last, metrics.size());
    }

    private void accuracyTable(StringBuilder page) {
        if (accuracies.isEmpty()) {
            return;
        }
        Set<Integer> ks = new TreeSet<>();
        accuracies.forEach(a -> ks.addAll(a.byK().keySet()));
        page.append(
                "<h2>Nearest neighbours</h2>\n<p>Share of test images whose class the nearest training images vote for."
                        + "</p>\n<table><tr><th>features</th>");
        ks.forEach(k -> page.append("<th>k = ").append(k).append("</th>"));
        page.append("</tr>\n");
        for (Accuracy a : accuracies) {
            page.append("<tr><td>").append(escape(a.name())).append("</td>");
            for (int k : ks) {
                Double v = a.byK().get(k);
                page.append("<td>")
                        .append(v == null ? "" : String.format(Locale.ROOT, "%.1f %%", 100 * v))
                        .append("</td>");
            }
            page.append("</tr>\n");
        }
        page.append("</table>\n");
    }

    private void patchPictures(StringBuilder page) {
        if (patches.isEmpty()) {
            return;
        }
        List<Image> images = patches.get().images();
        List<Image> colors = patches.get().colors();
        page.append("<h2>Patch features</h2>\n<p>Each image beside its patches, coloured by the first three principal"
                + " components over all images: equal colours are similar features.</p>\n<div class=\"pairs\">\n");
        for (int i = 0; i < colors.size(); i++) {
            page.append("<div class=\"pair\">")
                    .append(image(images.get(i), "image " + (i + 1)))
                    .append(image(colors.get(i), "patch features of image " + (i + 1)))
                    .append("</div>\n");
        }
        page.append("</div>\n");
    }

    private void charts(StringBuilder page, String heading, Set<String> names, Predicate<String> mine) {
        StringBuilder charts = new StringBuilder();
        names.stream().filter(mine).forEach(n -> charts.append(new LineChart(n, metrics).svg()));
        if (!charts.isEmpty()) {
            page.append("<h2>")
                    .append(heading)
                    .append("</h2>\n<div class=\"charts\">\n")
                    .append(charts)
                    .append("</div>\n");
        }
    }

    private void provenance(StringBuilder page) {
        page.append("<h2>How it was made</h2>\n<pre>")
                .append(escape(command))
                .append("</pre>\n<p></p><table class=\"facts\">");
        new LinkedHashMap<>(versions).forEach((name, version) -> page.append("<tr><td>")
                .append(escape(name))
                .append("</td><td>")
                .append(escape(version))
                .append("</td></tr>\n"));
        page.append("</table>\n<details><summary>Configuration</summary><pre>")
                .append(escape(config))
                .append("</pre></details>\n");
    }

    private static String image(Image picture, String description) {
        return "<img alt=\"%s\" src=\"%s\">".formatted(escape(description), Png.dataUri(picture));
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
