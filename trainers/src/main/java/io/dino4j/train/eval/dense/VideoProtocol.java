package io.dino4j.train.eval.dense;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.image.GreyImage;
import io.dino4j.data.image.Image;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Figure;
import io.dino4j.train.eval.report.Interval;
import io.dino4j.train.eval.report.Metric;
import io.dino4j.train.eval.report.Metric.Scale;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Objects of a first frame's mask are followed by patch features alone ({@link MaskTracker}); J and F of every object over its frames without
 * the first and the last, then the mean over objects (official {@code davis2017}, semi-supervised).
 *
 * @param data videos and masks
 * @param shortSide of frames as the network sees them, in pixels
 */
public record VideoProtocol(VideoData data, int shortSide) implements Protocol {
    @Override
    public String name() {
        return "video";
    }

    /** Means over the frames of one object. */
    private record Scores(double region, double contour) {}

    @Override
    public Evaluation evaluate(Subject subject, FeatureCache cache, Progress progress) {
        List<Scores> objects = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Figure.Panel> panels = new ArrayList<>();
        for (int v = 0; v < data.names().size(); v++) {
            List<Scores> found = video(subject, v, panels, progress);
            for (int o = 0; o < found.size(); o++) {
                names.add("%s, object %d".formatted(data.names().get(v), o + 1));
            }
            objects.addAll(found);
        }
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("videos", Integer.toString(data.names().size()));
        facts.put("objects", Integer.toString(objects.size()));
        Map<String, String> how = new LinkedHashMap<>();
        how.put("features", "patch tokens of the last block");
        how.put("short side", shortSide + " pixels, rounded to patches");
        how.put(
                "neighbours",
                "%d within %d patches, in the first and the last %d frames"
                        .formatted(Propagation.NEIGHBOURS, Propagation.RADIUS, Propagation.FRAMES));
        double[] j = objects.stream().mapToDouble(Scores::region).toArray();
        double[] f = objects.stream().mapToDouble(Scores::contour).toArray();
        double[] both =
                IntStream.range(0, j.length).mapToDouble(i -> (j[i] + f[i]) / 2).toArray();
        List<Metric> metrics = List.of(metric("J&F", both), metric("J", j), metric("F", f));
        List<Figure> figures = List.of(
                new Figure.Bars("J&F by object", names, both), new Figure.Gallery("Last frame followed", panels));
        return new Evaluation(name(), subject.title(), subject.fingerprint(), facts, how, metrics, figures);
    }

    /** One object tells nothing of how others would do. */
    private static Metric metric(String name, double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        Optional<Interval> interval = values.length < 2
                ? Optional.empty()
                : Optional.of(Interval.bootstrap(values.length, new Seed(0), s -> Arrays.stream(s)
                        .mapToDouble(i -> values[i])
                        .average()
                        .orElseThrow()));
        return new Metric(name, mean, interval, Scale.SHARE);
    }

    private List<Scores> video(Subject subject, int v, List<Figure.Panel> panels, Progress progress) {
        TruthFolder frames = data.frames().get(v);
        if (frames.size() < 3) {
            throw new IllegalArgumentException(
                    "%s: %d frames; J and F need three, since the first and the last do not count"
                            .formatted(data.names().get(v), frames.size()));
        }
        GreyImage first = frames.truth(0);
        int[] ids = IntStream.range(0, first.values().length)
                .map(p -> first.values()[p] & 0xffff)
                .filter(id -> id > 0)
                .distinct()
                .sorted()
                .toArray();
        if (ids.length == 0) {
            throw new IllegalArgumentException(frames.truths().get(0) + ": holds no object to follow");
        }
        double[][] sums = new double[2][ids.length];
        int last = frames.size() - 2;
        new MaskTracker(subject, shortSide)
                .track(
                        frames.images(),
                        numbered(first, ids),
                        (f, image, mask) -> {
                            if (f > last) {
                                return;
                            }
                            int[] truth = numbered(frames.truth(f), ids);
                            for (int o = 1; o <= ids.length; o++) {
                                boolean[] wanted = of(truth, o);
                                boolean[] found = of(mask, o);
                                sums[0][o - 1] += MaskAgreement.region(wanted, found) / last;
                                sums[1][o - 1] += MaskAgreement.contour(wanted, found, image.width()) / last;
                            }
                            if (f == last && panels.size() < DensePictures.SHOWN) {
                                panels.add(new Figure.Panel(
                                        data.names().get(v) + ": frame, truth, prediction",
                                        List.of(image, overlay(image, truth), overlay(image, mask))));
                            }
                        },
                        progress);
        return IntStream.range(0, ids.length)
                .mapToObj(o -> new Scores(Math.min(1, sums[0][o]), Math.min(1, sums[1][o])))
                .toList();
    }

    private static int[] numbered(GreyImage mask, int[] ids) {
        int[] out = new int[mask.values().length];
        for (int p = 0; p < out.length; p++) {
            out[p] = Math.max(0, 1 + Arrays.binarySearch(ids, mask.values()[p] & 0xffff));
        }
        return out;
    }

    private static boolean[] of(int[] mask, int object) {
        boolean[] out = new boolean[mask.length];
        for (int p = 0; p < out.length; p++) {
            out[p] = mask[p] == object;
        }
        return out;
    }

    /**
     * A frame under the colours of objects.
     *
     * @param mask {@code [H * W]} objects from 1, 0 for none
     */
    public static Image overlay(Image frame, int[] mask) {
        return DensePictures.objects(frame, mask);
    }
}
