package io.dino4j.train.sweep;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Candidates from best to worst: those that trained to the end by accuracy, then those that were stopped, the later the better and at the
 * same step by accuracy, then those that failed.
 *
 * @param candidates in this order
 */
public record Leaderboard(List<CandidateResult> candidates) {
    private static final Comparator<CandidateResult> ORDER = Comparator.comparing(CandidateResult::status)
            .thenComparing(r -> r.status() == CandidateResult.Status.STOPPED ? -r.steps() : 0)
            .thenComparing(r -> -r.score().orElse(-1))
            .thenComparing(CandidateResult::index);

    /** Sorts results. */
    public static Leaderboard of(Collection<CandidateResult> results) {
        return new Leaderboard(results.stream().sorted(ORDER).toList());
    }

    /** The best candidate; empty if none has a score. */
    public Optional<CandidateResult> best() {
        return candidates.stream().filter(c -> c.score().isPresent()).findFirst();
    }

    /** How many ended in a way. */
    long count(CandidateResult.Status status) {
        return candidates.stream().filter(c -> c.status() == status).count();
    }

    /** Names of {@link #rows}. */
    List<String> head(List<Dimension> space) {
        List<String> head = new ArrayList<>(List.of("rank", "candidate", "k-NN", "steps", "status", "minutes"));
        space.forEach(d -> head.add(d.key()));
        return head;
    }

    /** A line of cells for each candidate. */
    List<List<String>> rows(List<Dimension> space) {
        List<List<String>> rows = new ArrayList<>();
        for (CandidateResult c : candidates) {
            List<String> row = new ArrayList<>(List.of(
                    Integer.toString(rows.size() + 1),
                    Integer.toString(c.index()),
                    c.score().isPresent() ? percent(c.score().getAsDouble()) : "-",
                    Long.toString(c.steps()),
                    c.status().text(),
                    String.format(Locale.ROOT, "%.1f", c.seconds() / 60)));
            space.forEach(d -> row.add(c.value(d.key())));
            rows.add(row);
        }
        return rows;
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * share);
    }

    /** The table for a terminal. */
    public String text(List<Dimension> space) {
        List<List<String>> rows = new ArrayList<>(rows(space));
        rows.add(0, head(space));
        int[] widths = new int[rows.get(0).size()];
        rows.forEach(r -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], r.get(i).length());
            }
        });
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(("%" + widths[i] + "s  ").formatted(row.get(i)));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    /** The table as CSV, RFC 4180; accuracies from 0 to 1. */
    String csv(List<Dimension> space) {
        List<String> head = new ArrayList<>(List.of("rank", "candidate", "knn", "steps", "status", "seconds", "note"));
        space.forEach(d -> head.add(d.key()));
        StringBuilder csv = new StringBuilder(String.join(",", head)).append('\n');
        int rank = 1;
        for (CandidateResult c : candidates) {
            List<String> cells = new ArrayList<>(List.of(
                    Integer.toString(rank++),
                    Integer.toString(c.index()),
                    c.score().isPresent() ? Double.toString(c.score().getAsDouble()) : "",
                    Long.toString(c.steps()),
                    c.status().text(),
                    String.format(Locale.ROOT, "%.1f", c.seconds()),
                    quoted(c.note())));
            space.forEach(d -> cells.add(quoted(c.value(d.key()))));
            csv.append(String.join(",", cells)).append('\n');
        }
        return csv.toString();
    }

    private static String quoted(String text) {
        return text.matches("[^\",\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
