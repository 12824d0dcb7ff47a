package io.dino4j.train.eval.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one protocol says of one subject.
 *
 * @param protocol its name in tables, such as {@code k-NN}
 * @param subject name of what is evaluated
 * @param fingerprint SHA-256 of weights and preprocessing
 * @param data what it was evaluated on, by name, such as numbers of images
 * @param settings of the protocol, by name, with what it chose itself
 * @param metrics the first is the one to quote
 * @param figures to look at
 */
public record Evaluation(
        String protocol,
        String subject,
        String fingerprint,
        Map<String, String> data,
        Map<String, String> settings,
        List<Metric> metrics,
        List<Figure> figures) {
    /**
     * Checks that there is something to say.
     *
     * @throws IllegalArgumentException if there is no metric
     */
    public Evaluation {
        if (metrics.isEmpty()) {
            throw new IllegalArgumentException("%s of %s: nothing was measured".formatted(protocol, subject));
        }
        data = new LinkedHashMap<>(data);
        settings = new LinkedHashMap<>(settings);
        metrics = List.copyOf(metrics);
        figures = List.copyOf(figures);
    }

    /** The metric to quote. */
    public Metric headline() {
        return metrics.get(0);
    }
}
