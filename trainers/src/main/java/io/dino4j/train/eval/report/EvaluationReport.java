package io.dino4j.train.eval.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.file.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Evaluations of several subjects by several protocols: {@code results.json}, {@code results.md} and {@code report.html} say the same.
 *
 * @param title heading
 * @param command how it was made
 * @param versions of the program and what it ran on, by name
 * @param evaluations one at least, in order of subjects, then protocols
 */
public record EvaluationReport(
        String title, String command, Map<String, String> versions, List<Evaluation> evaluations) {
    /** Checks that there is something to report. */
    public EvaluationReport {
        if (evaluations.isEmpty()) {
            throw new IllegalArgumentException("nothing was evaluated");
        }
        versions = new LinkedHashMap<>(versions);
        evaluations = List.copyOf(evaluations);
    }

    /**
     * A table: subjects as rows.
     *
     * @param title what it is about
     * @param head names of the columns
     * @param rows a name, then values; empty where a subject has none
     */
    record Table(String title, List<String> head, List<List<String>> rows) {}

    /** Names of the protocols, in order. */
    List<String> protocols() {
        return evaluations.stream().map(Evaluation::protocol).distinct().toList();
    }

    /** Names of the subjects, in order. */
    List<String> subjects() {
        return evaluations.stream().map(Evaluation::subject).distinct().toList();
    }

    Optional<Evaluation> of(String protocol, String subject) {
        return evaluations.stream()
                .filter(e -> e.protocol().equals(protocol) && e.subject().equals(subject))
                .findFirst();
    }

    /** The metrics to quote of all protocols. */
    Table summary() {
        List<String> head = new ArrayList<>(List.of("features"));
        protocols()
                .forEach(p -> head.add(evaluations.stream()
                        .filter(e -> e.protocol().equals(p))
                        .map(e -> p + ", " + e.headline().name())
                        .findFirst()
                        .orElseThrow()));
        List<List<String>> rows = new ArrayList<>();
        for (String subject : subjects()) {
            List<String> row = new ArrayList<>(List.of(subject));
            protocols()
                    .forEach(p ->
                            row.add(of(p, subject).map(e -> e.headline().text()).orElse("")));
            rows.add(row);
        }
        return new Table("Summary", head, rows);
    }

    /** All metrics of one protocol. */
    Table table(String protocol) {
        Set<String> names = new LinkedHashSet<>();
        List<Evaluation> mine =
                evaluations.stream().filter(e -> e.protocol().equals(protocol)).toList();
        mine.forEach(e -> e.metrics().forEach(m -> names.add(m.name())));
        List<String> head = new ArrayList<>(List.of("features"));
        head.addAll(names);
        List<List<String>> rows = new ArrayList<>();
        for (Evaluation e : mine) {
            List<String> row = new ArrayList<>(List.of(e.subject()));
            for (String name : names) {
                row.add(e.metrics().stream()
                        .filter(m -> m.name().equals(name))
                        .map(Metric::text)
                        .findFirst()
                        .orElse(""));
            }
            rows.add(row);
        }
        return new Table(protocol, head, rows);
    }

    /** The tables as Markdown: the summary if there are several protocols, then one for each protocol. */
    public String markdown() {
        StringBuilder text = new StringBuilder();
        for (Table table : tables()) {
            if (!text.isEmpty()) {
                text.append('\n');
            }
            text.append("**").append(cell(table.title())).append("**\n\n");
            line(text, table.head());
            text.append("| --- ")
                    .append("| ---: ".repeat(table.head().size() - 1))
                    .append("|\n");
            table.rows().forEach(row -> line(text, row));
        }
        return text.append("\nIn brackets: 95% confidence intervals.\n").toString();
    }

    List<Table> tables() {
        List<Table> tables = new ArrayList<>();
        if (protocols().size() > 1) {
            tables.add(summary());
        }
        protocols().forEach(p -> tables.add(table(p)));
        return tables;
    }

    private static void line(StringBuilder text, List<String> cells) {
        cells.forEach(c -> text.append("| ").append(cell(c)).append(' '));
        text.append("|\n");
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replaceAll("\\s+", " ");
    }

    /** The same as JSON, with the figures' numbers. */
    public String json() {
        return new ReportJson(new ObjectMapper()).of(this).toPrettyString() + "\n";
    }

    /** The same as a page that needs no other file. */
    public String html() {
        return new ReportPage(this).page().text();
    }

    /**
     * Writes {@code report.html}, {@code results.json} and {@code results.md}, each whole or not at all.
     *
     * @param folder made if need be
     * @throws IOException if they cannot be written
     */
    public void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Durable.write(folder.resolve("results.json"), draft -> Files.writeString(draft, json()));
        Durable.write(folder.resolve("results.md"), draft -> Files.writeString(draft, markdown()));
        Durable.write(folder.resolve("report.html"), draft -> Files.writeString(draft, html()));
    }
}
