package io.dino4j.train.eval.retrieval;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.image.Image;
import io.dino4j.data.source.ImageSource;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Figure;
import io.dino4j.train.eval.report.Interval;
import io.dino4j.train.eval.report.Metric;
import io.dino4j.train.eval.report.Metric.Scale;
import io.dino4j.train.eval.retrieval.MarkedPicture.Mark;
import io.dino4j.train.eval.retrieval.PairRanking.Reach;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Finds what altered copies were made of, by the cosine of features: the pairs of all copies and references are ranked in one list, so that
 * one threshold has to serve all. Micro average precision and recall at a precision of 90%, with bootstrap intervals over copies.
 *
 * @param set copies and references
 * @param pooling how the last block's tokens become the feature of an image
 * @param background other images, none of them an original, that scores are measured against; empty for plain cosines
 * @see <a href="https://arxiv.org/abs/2106.09672">Douze et al., The 2021 image similarity dataset and challenge</a>
 */
public record CopiesProtocol(CopySet set, Pooling pooling, Optional<ImageSource> background) implements Protocol {
    private static final double PRECISION = 0.9;

    /** Pairs shown. */
    private static final int SHOWN = 12;

    /**
     * Checks the features.
     *
     * @throws IllegalArgumentException if they are not of the whole image
     */
    public CopiesProtocol {
        if (pooling.isGrid()) {
            throw new IllegalArgumentException("images are compared by one feature each, not by their patches");
        }
    }

    @Override
    public String name() {
        return "copies";
    }

    @Override
    public Evaluation evaluate(Subject subject, FeatureCache cache, Progress progress) throws IOException {
        ImageSource[] others = background
                .map(b -> new ImageSource[] {set.copies(), b})
                .orElseGet(() -> new ImageSource[] {set.copies()});
        UnitFeatures[] features =
                UnitFeatures.of(subject, set.references(), new FeatureKind(pooling, 1), cache, progress, others);
        CopySearch search = CopySearch.of(
                set, features[1], features[0], features.length > 2 ? Optional.of(features[2]) : Optional.empty());
        int[] order = search.order();
        PairRanking ranking = search.ranking(order);
        Reach reach = ranking.recallAt(PRECISION);
        IntPredicate accepted = q -> search.ownScore(q) >= reach.threshold();
        IntPredicate first = q -> search.ownRank(q) == 0;
        long copies = copies(q -> true).count();
        List<Metric> metrics = List.of(
                Metric.of("micro-AP", ranking.microAp(), interval(ranking::microAp), Scale.SHARE),
                Metric.of(
                        "recall at precision 90%",
                        reach.recall(),
                        interval(weights -> ranking.recallAt(PRECISION, weights).recall()),
                        Scale.SHARE),
                Metric.ofShare("original first", copies(first).count(), copies));
        List<Figure> figures = new ArrayList<>();
        double[][] curve = ranking.curve();
        if (curve[0].length > 0) {
            figures.add(new Figure.Curve("Precision over recall", "recall", "precision", curve[0], curve[1]));
        }
        figures.add(byTransform("Recall at precision 90%, by transform", accepted));
        figures.add(byTransform("Original first, by transform", first));
        figures.add(wrong(search, order));
        figures.add(missed(search));
        return new Evaluation(
                name(),
                subject.title(),
                subject.fingerprint(),
                data(features[0]),
                settings(subject, search, reach),
                metrics,
                figures);
    }

    /** Copies of a reference, of some kind. */
    private IntStream copies(IntPredicate which) {
        return IntStream.range(0, set.originals().length).filter(q -> set.originals()[q] >= 0 && which.test(q));
    }

    /** A number of a sample of copies, of which each counts as often as its weight says. */
    @FunctionalInterface
    private interface OfSample {
        double of(int[] weights);
    }

    private Interval interval(OfSample statistic) {
        int n = set.originals().length;
        return Interval.bootstrap(n, new Seed(0), sample -> {
            int[] weights = new int[n];
            for (int q : sample) {
                weights[q]++;
            }
            return statistic.of(weights);
        });
    }

    private Figure byTransform(String title, IntPredicate which) {
        List<String> names = List.copyOf(
                new TreeSet<>(copies(q -> true).mapToObj(set.transforms()::get).toList()));
        double[] shares = names.stream()
                .mapToDouble(t -> {
                    IntPredicate mine = q -> set.transforms().get(q).equals(t);
                    return (double) copies(mine.and(which)).count()
                            / copies(mine).count();
                })
                .toArray();
        return new Figure.Bars(title, names, shares);
    }

    private Figure wrong(CopySearch search, int[] order) {
        List<Figure.Panel> panels = new ArrayList<>();
        IntStream.of(order).filter(pair -> !search.isRight(pair)).limit(SHOWN).forEach(pair -> {
            int q = search.query(pair);
            panels.add(new Figure.Panel(set.names().get(q), pictures(q, search.reference(pair), Mark.WRONG)));
        });
        return new Figure.Gallery("Wrong pairs with the highest scores (copy, reference)", panels);
    }

    private Figure missed(CopySearch search) {
        List<Figure.Panel> panels = copies(q -> search.ownRank(q) > 0)
                .boxed()
                .sorted(Comparator.comparingInt(q -> -search.ownRank(q)))
                .limit(SHOWN)
                .map(q -> new Figure.Panel(
                        "%s, %s: its original comes %dth"
                                .formatted(set.names().get(q), set.transforms().get(q), search.ownRank(q) + 1),
                        pictures(q, set.originals()[q], Mark.RIGHT)))
                .toList();
        return new Figure.Gallery("Copies whose original comes last (copy, original)", panels);
    }

    private List<Image> pictures(int q, int reference, Mark mark) {
        List<Image> pictures = new ArrayList<>();
        MarkedPicture.of(set.copies(), q, Mark.ASKED).ifPresent(pictures::add);
        MarkedPicture.of(set.references(), reference, mark).ifPresent(pictures::add);
        return pictures;
    }

    private Map<String, String> data(UnitFeatures references) {
        Map<String, String> data = new LinkedHashMap<>();
        data.put("copies", Long.toString(copies(q -> true).count()));
        data.put(
                "images that are no copies",
                Long.toString(set.originals().length - copies(q -> true).count()));
        data.put("references", Integer.toString(references.size()));
        if (!references.unreadable().isEmpty()) {
            data.put(
                    "references that cannot be read",
                    Integer.toString(references.unreadable().size()));
        }
        return data;
    }

    private Map<String, String> settings(Subject subject, CopySearch search, Reach reach) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("features", UnitFeatures.described(subject, pooling));
        settings.put(
                "score",
                background
                        .map(b -> "cosine less the mean of the %d nearest of %d images of the background"
                                .formatted(CopySearch.BACKGROUND, b.size()))
                        .orElse("cosine"));
        settings.put("pairs ranked", search.isComplete() ? "all" : "the best, up to " + CopySearch.MOST_PAIRS);
        settings.put(
                "threshold at precision 90%",
                Float.isFinite(reach.threshold()) ? "%.4f".formatted(reach.threshold()) : "none");
        return settings;
    }
}
