package io.dino4j.train.report;

import io.dino4j.data.image.Image;
import io.dino4j.data.page.Page;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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

    /**
     * Writes the page.
     *
     * @param file target; replaced whole if it exists
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        page().write(file);
    }

    /** The page as text. */
    public String html() {
        return page().text();
    }

    private Page page() {
        Page page = new Page(title);
        page.paragraph(summary()).points(events);
        accuracyTable(page);
        patchPictures(page);
        Set<String> names = new LinkedHashSet<>();
        metrics.forEach(r -> names.addAll(r.values().keySet()));
        charts(page, "Losses", names, RunReport::isLoss);
        charts(page, "Schedules", names, SCHEDULES::contains);
        charts(page, "Health of the teacher", names, HEALTH::contains);
        charts(page, "Other measurements", names, n -> !isLoss(n) && !SCHEDULES.contains(n) && !HEALTH.contains(n));
        return page.provenance(command, versions, config);
    }

    private static boolean isLoss(String name) {
        return name.contains("loss");
    }

    private String summary() {
        if (metrics.isEmpty()) {
            return "No step was recorded.";
        }
        long first = metrics.get(0).step();
        long last = metrics.get(metrics.size() - 1).step();
        return "Steps %d to %d, %d records.".formatted(first, last, metrics.size());
    }

    private void accuracyTable(Page page) {
        if (accuracies.isEmpty()) {
            return;
        }
        Set<Integer> ks = new TreeSet<>();
        accuracies.forEach(a -> ks.addAll(a.byK().keySet()));
        page.heading("Nearest neighbours")
                .paragraph("Share of test images whose class the nearest training images vote for.");
        List<String> head = new ArrayList<>(List.of("features"));
        ks.forEach(k -> head.add("k = " + k));
        List<List<String>> rows = new ArrayList<>();
        for (Accuracy a : accuracies) {
            List<String> row = new ArrayList<>(List.of(a.name()));
            for (int k : ks) {
                Double v = a.byK().get(k);
                row.add(v == null ? "" : String.format(Locale.ROOT, "%.1f %%", 100 * v));
            }
            rows.add(row);
        }
        page.table(head, rows);
    }

    private void patchPictures(Page page) {
        if (patches.isEmpty()) {
            return;
        }
        List<Image> images = patches.get().images();
        List<Image> colors = patches.get().colors();
        page.heading("Patch features")
                .paragraph("Each image beside its patches, coloured by the first three principal"
                        + " components over all images: equal colours are similar features.")
                .html("<div class=\"pairs\">\n");
        for (int i = 0; i < colors.size(); i++) {
            page.html("<div class=\"pair\">")
                    .html(Page.image(images.get(i), "image " + (i + 1)))
                    .html(Page.image(colors.get(i), "patch features of image " + (i + 1)))
                    .html("</div>\n");
        }
        page.html("</div>\n");
    }

    private void charts(Page page, String heading, Set<String> names, Predicate<String> mine) {
        StringBuilder charts = new StringBuilder();
        names.stream().filter(mine).forEach(n -> charts.append(new LineChart(n, metrics).svg()));
        if (!charts.isEmpty()) {
            page.heading(heading)
                    .html("<div class=\"charts\">\n")
                    .html(charts.toString())
                    .html("</div>\n");
        }
    }
}
