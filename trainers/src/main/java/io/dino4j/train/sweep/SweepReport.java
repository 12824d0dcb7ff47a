package io.dino4j.train.sweep;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.data.file.Durable;
import io.dino4j.data.page.BarChart;
import io.dino4j.data.page.Page;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a sweep found, so far or in the end: {@code leaderboard.csv}, {@code results.json}, {@code report.html}, and {@code best.yaml}, the
 * configuration of the best candidate.
 *
 * @param request the sweep
 * @param board candidates that have results
 * @param skipped combinations that the rules of the configuration forbid
 */
record SweepReport(Sweep.Request request, Leaderboard board, int skipped) {
    /** Writes all files, each whole. */
    void write(Path folder) throws IOException {
        write(folder.resolve("leaderboard.csv"), board.csv(space()));
        write(folder.resolve("results.json"), CandidateResult.JSON.writeValueAsString(json()) + "\n");
        if (board.best().isPresent()) {
            write(folder.resolve("best.yaml"), best(board.best().get()));
        }
        page().write(folder.resolve("report.html"));
    }

    private static void write(Path file, String text) throws IOException {
        Durable.write(file, draft -> Files.writeString(draft, text));
    }

    private List<Dimension> space() {
        return request.config().space();
    }

    private ObjectNode json() {
        ObjectNode root = CandidateResult.JSON.createObjectNode();
        root.put("search", request.config().search().name().toLowerCase(Locale.ROOT));
        root.put("asked", request.config().candidates());
        root.put("skipped", skipped);
        board.best().ifPresent(b -> root.put("best", b.index()));
        ArrayNode keys = root.putArray("importance");
        for (Importance i : Importance.of(board, space())) {
            ObjectNode key = keys.addObject();
            key.put("key", i.key());
            key.put("share", i.share());
            key.put("direction", i.direction());
        }
        ArrayNode candidates = root.putArray("candidates");
        board.candidates().forEach(c -> candidates.add(c.json()));
        return root;
    }

    private String best(CandidateResult best) {
        StringBuilder yaml = new StringBuilder();
        yaml.append("# The best of %d candidates of %s: candidate %d, k-NN accuracy %s after %d steps.\n"
                .formatted(
                        board.candidates().size(),
                        request.config().name(),
                        best.index(),
                        Leaderboard.percent(best.score().orElseThrow()),
                        best.steps()));
        yaml.append(
                "# ./dino4j pretrain --config best.yaml --images ... trains it again. Over another base, add:\n#  ");
        best.assignments().forEach(a -> yaml.append(" --set ")
                .append(a.matches("[A-Za-z0-9_.=+-]*") ? a : "'" + a.replace("'", "'\\''") + "'"));
        return yaml + "\n" + request.config().config(best.assignments()).toYaml();
    }

    private Page page() {
        SweepConfig config = request.config();
        Page page = new Page("Sweep of " + String.join(", ", config.base()) + " on " + config.images());
        page.paragraph(
                "%d candidates, %s search: %d trained to the end, %d stopped early, %d failed. %d combinations were left out, because the rules of the configuration forbid them."
                        .formatted(
                                board.candidates().size(),
                                config.search().name().toLowerCase(Locale.ROOT),
                                board.count(CandidateResult.Status.FINISHED),
                                board.count(CandidateResult.Status.STOPPED),
                                board.count(CandidateResult.Status.FAILED),
                                skipped));
        page.heading("Leaderboard").table(board.head(space()), board.rows(space()));
        page.points(board.candidates().stream()
                .filter(c -> !c.note().isEmpty())
                .map(c -> "candidate %d: %s".formatted(c.index(), c.note()))
                .toList());
        page.heading("Values and accuracy")
                .paragraph("One line for each candidate; the best in the second colour, stopped ones dashed.")
                .html(new ParallelCoordinates(space(), board).html());
        importance(page);
        page.heading("Accuracy over the steps").html(new CurveChart(board).html());
        return page.provenance(request.command(), request.versions(), settings());
    }

    private void importance(Page page) {
        List<Importance> all = Importance.of(board, space());
        page.heading("Importance of each key")
                .paragraph(
                        "Share of the variance of the candidates' ranks between groups of values of one key alone (each choice, or thirds"
                                + " of a range), less what chance would give; direction is the rank correlation of value and place, above 0 where larger"
                                + " values do better. With few candidates a hint, not a proof.")
                .html(new BarChart(
                                "share of the variance of the ranks",
                                all.stream().map(Importance::key).toList(),
                                List.of(new BarChart.Series(
                                        "share",
                                        all.stream()
                                                .mapToDouble(Importance::share)
                                                .toArray())))
                        .html());
        List<List<String>> rows = new ArrayList<>();
        for (Importance i : all) {
            String best = board.best().map(b -> b.value(i.key())).orElse("-");
            rows.add(List.of(i.key(), two(i.share()), two(i.direction()), best));
        }
        page.table(List.of("key", "importance", "direction", "value of the best"), rows);
    }

    private static String two(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private String settings() {
        StringBuilder text = new StringBuilder();
        request.config()
                .settings()
                .forEach((k, v) -> text.append(v.contains("\n") ? k + ":\n" + v : k + ": " + v + "\n"));
        return text.toString();
    }
}
