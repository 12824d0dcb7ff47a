package io.dino4j.train.eval.retrieval;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.image.Image;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Figure;
import io.dino4j.train.eval.report.Interval;
import io.dino4j.train.eval.report.Metric;
import io.dino4j.train.eval.report.Metric.Scale;
import io.dino4j.train.eval.retrieval.MarkedPicture.Mark;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Finds other images of what a query shows by the cosine of features: mean average precision and mean precision at 1, 5 and 10, as {@link
 * Ranking} defines them, with bootstrap intervals over queries.
 *
 * @param set queries, database, and what is right
 * @param pooling how the last block's tokens become the feature of an image
 * @see <a href="https://arxiv.org/abs/1803.11285">Radenovic et al., Revisiting Oxford and Paris</a>
 */
public record RetrievalProtocol(RetrievalSet set, Pooling pooling) implements Protocol {
    private static final int[] KS = {1, 5, 10};

    /** Queries whose results are shown. */
    private static final int SHOWN = 12;

    /** Results shown of a query. */
    private static final int FIRST = 8;

    /**
     * Checks the features.
     *
     * @throws IllegalArgumentException if they are not of the whole image
     */
    public RetrievalProtocol {
        if (pooling.isGrid()) {
            throw new IllegalArgumentException("images are compared by one feature each, not by their patches");
        }
    }

    @Override
    public String name() {
        return set.name();
    }

    /** What was found for a setup: the answerable queries, and their rankings. */
    private record Found(String setup, List<Integer> queries, List<Ranking> rankings) {
        Metric mean(String name, ToDoubleFunction<Ranking> of) {
            double[] values = rankings.stream().mapToDouble(of).toArray();
            Interval interval = Interval.bootstrap(values.length, new Seed(0), sample -> Arrays.stream(sample)
                    .mapToDouble(q -> values[q])
                    .average()
                    .orElseThrow());
            double value = Arrays.stream(values).average().orElseThrow();
            return Metric.of(setup.isEmpty() ? name : name + " " + setup, value, interval, Scale.SHARE);
        }

        String of(String title) {
            return setup.isEmpty() ? title : title + ", " + setup;
        }
    }

    @Override
    public Evaluation evaluate(Subject subject, FeatureCache cache, Progress progress) throws IOException {
        UnitFeatures[] features =
                UnitFeatures.of(subject, set.database(), new FeatureKind(pooling, 1), cache, progress, set.queries());
        UnitFeatures database = features[0].whole();
        List<Found> found = set.setups().keySet().stream()
                .map(setup -> new Found(setup, new ArrayList<>(), new ArrayList<>()))
                .toList();
        Map<Integer, int[]> first = new LinkedHashMap<>();
        List<Integer> shown = shown();
        features[1].whole().against(database, (q, cosine) -> {
            for (Found f : found) {
                Relevance truth = set.setups().get(f.setup()).get(q);
                if (truth.isAnswerable()) {
                    f.queries().add(q);
                    f.rankings().add(Ranking.of(cosine, truth));
                }
            }
            if (shown.contains(q)) {
                first.put(
                        q, first(cosine, set.setups().get(found.get(0).setup()).get(q)));
            }
        });
        List<Metric> metrics = new ArrayList<>();
        for (Found f : found) {
            metrics.add(f.mean("mAP", Ranking::averagePrecision));
            for (int k : KS) {
                metrics.add(f.mean("mP@" + k, r -> r.precisionAt(k)));
            }
        }
        return new Evaluation(
                name(),
                subject.title(),
                subject.fingerprint(),
                data(found),
                settings(subject),
                metrics,
                figures(found, first));
    }

    /** Some queries of the first setup, evenly spread. */
    private List<Integer> shown() {
        List<Relevance> truth = set.setups().values().iterator().next();
        int[] able = IntStream.range(0, truth.size())
                .filter(q -> truth.get(q).isAnswerable())
                .toArray();
        int count = Math.min(SHOWN, able.length);
        return IntStream.range(0, count)
                .mapToObj(i -> able[(int) ((long) i * able.length / count)])
                .toList();
    }

    /** The first images that are not junk. */
    private static int[] first(float[] cosine, Relevance truth) {
        float[] others = cosine.clone();
        for (int i : truth.junk()) {
            others[i] = -2; // below every cosine
        }
        return IntStream.of(Descending.order(others, FIRST))
                .filter(i -> others[i] > -2)
                .toArray();
    }

    private List<Figure> figures(List<Found> found, Map<Integer, int[]> first) {
        List<Figure> figures = new ArrayList<>();
        for (Found f : found) {
            figures.add(new Figure.Bars(
                    f.of("Average precision by query"),
                    f.queries().stream().map(set.names()::get).toList(),
                    f.rankings().stream().mapToDouble(Ranking::averagePrecision).toArray()));
        }
        Found head = found.get(0);
        Map<Integer, Ranking> rankings = new HashMap<>();
        for (int i = 0; i < head.queries().size(); i++) {
            rankings.put(head.queries().get(i), head.rankings().get(i));
        }
        List<Figure.Panel> panels = new ArrayList<>();
        first.forEach((q, results) -> panels.add(panel(
                q, results, rankings.get(q), set.setups().get(head.setup()).get(q))));
        figures.add(new Figure.Gallery(head.of("What comes first") + " (" + MarkedPicture.LEGEND + ")", panels));
        return figures;
    }

    private Figure.Panel panel(int query, int[] results, Ranking ranking, Relevance truth) {
        List<Image> pictures = new ArrayList<>();
        MarkedPicture.of(set.queries(), query, Mark.ASKED).ifPresent(pictures::add);
        for (int i : results) {
            boolean right = IntStream.of(truth.positives()).anyMatch(p -> p == i);
            Optional<Image> picture = MarkedPicture.of(set.database(), i, right ? Mark.RIGHT : Mark.WRONG);
            picture.ifPresent(pictures::add);
        }
        String caption = "%s: average precision %.1f%%, %d to find"
                .formatted(set.names().get(query), 100 * ranking.averagePrecision(), truth.positives().length);
        return new Figure.Panel(caption, pictures);
    }

    private Map<String, String> data(List<Found> found) {
        Map<String, String> data = new LinkedHashMap<>();
        data.put("images searched", Integer.toString(set.database().size()));
        for (Found f : found) {
            data.put(f.of("queries"), Integer.toString(f.queries().size()));
            int left = set.queries().size() - f.queries().size();
            if (left > 0) {
                data.put(f.of("images without anything to find, not searched for"), Integer.toString(left));
            }
        }
        return data;
    }

    private Map<String, String> settings(Subject subject) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("features", UnitFeatures.described(subject, pooling));
        settings.put("similarity", "cosine");
        settings.put("average precision", "trapezoids, of equal similarities the wrong images first");
        return settings;
    }
}
