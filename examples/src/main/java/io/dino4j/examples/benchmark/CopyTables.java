package io.dino4j.examples.benchmark;

import io.dino4j.data.curation.copy.CopyDescriptor;
import io.dino4j.data.curation.copy.CopyVerifier;
import io.dino4j.examples.benchmark.CopyMeasurement.FalsePairs;
import io.dino4j.examples.benchmark.PairScores.Count;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What was measured of copies, for people and for programs. */
final class CopyTables {
    private static final double[] SIMILARITIES = {
        0.15, 0.2, 0.25, 0.3, 0.325, 0.35, 0.375, 0.4, 0.425, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8
    };
    private static final double[] EVIDENCE = {2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 60};

    /** Pairs shown of a set. */
    private static final int SHOWN = 12;

    private CopyTables() {}

    private static double[] thresholds(PairScores scores) {
        return scores.name().equals("vector") ? SIMILARITIES : EVIDENCE;
    }

    private static double chosen(PairScores scores) {
        return scores.name().equals("vector") ? CopyDescriptor.THRESHOLD : CopyVerifier.DEFAULT_EVIDENCE;
    }

    static String markdown(CopyMeasurement m) {
        StringBuilder text = new StringBuilder();
        line(
                text,
                "%d copies searched in %d images, %d nearest of each; vectors of %d numbers, learnt in %.1f s.",
                m.copies(),
                m.poolSize(),
                m.k(),
                m.dimension,
                m.learnSeconds);
        line(text, "On one core: %.1f ms for an image, %.1f ms for a pair of images.", m.embedMillis, m.pairMillis);
        for (PairScores scores : m.scores) {
            line(text, "%n### %s, threshold %s%n", scores.name(), number(chosen(scores)));
            line(text, "| alteration | copies | found | false | recall | precision |");
            line(text, "| --- | ---: | ---: | ---: | ---: | ---: |");
            scores.byAlteration(chosen(scores)).forEach((name, count) -> row(text, name, count));
            row(text, "all", scores.at(chosen(scores)));
            line(text, "%n| threshold | recall | precision | false |");
            line(text, "| ---: | ---: | ---: | ---: |");
            for (double threshold : thresholds(scores)) {
                Count c = scores.at(threshold);
                line(text, "| %s | %.3f | %.3f | %d |", number(threshold), c.recall(), c.precision(), c.falsely());
            }
        }
        line(text, "%n### Pairs among images without copies%n");
        line(
                text,
                "| set | images | pairs >= %s | vector >= %s | also images >= %s | most evidence |",
                number(CopyDescriptor.CANDIDATE_THRESHOLD),
                number(CopyDescriptor.THRESHOLD),
                number(CopyVerifier.DEFAULT_EVIDENCE));
        line(text, "| --- | ---: | ---: | ---: | ---: | ---: |");
        for (FalsePairs pairs : m.falsePairs) {
            double most = 0;
            for (float evidence : pairs.evidence()) {
                most = Math.max(most, evidence);
            }
            line(
                    text,
                    "| %s | %d | %d | %d | %d | %.1f |",
                    pairs.set(),
                    pairs.images(),
                    pairs.similarity().length,
                    pairs.count(CopyDescriptor.THRESHOLD, Double.NEGATIVE_INFINITY),
                    pairs.count(CopyDescriptor.CANDIDATE_THRESHOLD, CopyVerifier.DEFAULT_EVIDENCE),
                    most);
        }
        strongest(text, m);
        return text.toString();
    }

    private static void strongest(StringBuilder text, CopyMeasurement m) {
        for (FalsePairs pairs : m.falsePairs) {
            if (!pairs.taken().isEmpty()) {
                line(text, "%n### %s: pairs with most evidence%n", pairs.set());
                line(text, "| one | other | similarity | evidence |");
                line(text, "| --- | --- | ---: | ---: |");
                pairs.taken().stream()
                        .limit(SHOWN)
                        .forEach(p -> line(
                                text, "| %s | %s | %.3f | %.1f |", p.one(), p.other(), p.similarity(), p.evidence()));
            }
        }
    }

    /** All pairs that are taken for copies among images without copies, as comma-separated values. */
    static String csv(CopyMeasurement m) {
        StringBuilder text = new StringBuilder();
        line(text, "set,one,other,similarity,evidence");
        for (FalsePairs pairs : m.falsePairs) {
            pairs.taken()
                    .forEach(p -> line(
                            text,
                            "%s,\"%s\",\"%s\",%.4f,%.2f",
                            pairs.set(),
                            p.one().replace("\"", "\"\""),
                            p.other().replace("\"", "\"\""),
                            p.similarity(),
                            p.evidence()));
        }
        return text.toString();
    }

    static Map<String, Object> json(CopyMeasurement m) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("copies", m.copies());
        root.put("pool", m.poolSize());
        root.put("k", m.k());
        root.put("dimension", m.dimension);
        root.put("learn_seconds", m.learnSeconds);
        root.put("image_ms", m.embedMillis);
        root.put("pair_ms", m.pairMillis);
        for (PairScores scores : m.scores) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("threshold", chosen(scores));
            Map<String, Object> table = new LinkedHashMap<>();
            scores.byAlteration(chosen(scores)).forEach((name, count) -> table.put(name, count(count)));
            table.put("all", count(scores.at(chosen(scores))));
            one.put("alterations", table);
            List<Object> curve = new ArrayList<>();
            for (double threshold : thresholds(scores)) {
                Map<String, Object> point = count(scores.at(threshold));
                point.put("threshold", threshold);
                curve.add(point);
            }
            one.put("curve", curve);
            root.put(scores.name().replace(", then ", "_then_"), one);
        }
        for (FalsePairs pairs : m.falsePairs) {
            root.put(
                    "false_pairs_" + pairs.set(),
                    Map.of(
                            "images", pairs.images(),
                            "vector", pairs.count(CopyDescriptor.THRESHOLD, Double.NEGATIVE_INFINITY),
                            "vector_then_images",
                                    pairs.count(CopyDescriptor.CANDIDATE_THRESHOLD, CopyVerifier.DEFAULT_EVIDENCE)));
        }
        return root;
    }

    private static Map<String, Object> count(Count c) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("copies", c.wanted());
        map.put("found", c.found());
        map.put("false", c.falsely());
        map.put("recall", c.recall());
        map.put("precision", c.precision());
        return map;
    }

    private static void row(StringBuilder text, String name, Count c) {
        line(
                text,
                "| %s | %d | %d | %d | %.3f | %.3f |",
                name,
                c.wanted(),
                c.found(),
                c.falsely(),
                c.recall(),
                c.precision());
    }

    private static String number(double value) {
        return Float.toString((float) value).replaceFirst("\\.0$", "");
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
