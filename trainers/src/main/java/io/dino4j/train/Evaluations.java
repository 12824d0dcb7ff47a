package io.dino4j.train;

import io.dino4j.data.Progress;
import io.dino4j.data.source.ImageSource;
import io.dino4j.train.metrics.MetricsLog;
import io.dino4j.train.report.PatchSamples;
import io.dino4j.train.report.RunReport;
import io.dino4j.zoo.FeatureExtractor;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a run measures of its teacher: k-NN before, during and after, and the report at the end. */
final class Evaluations {
    /** Images whose patch features the report shows. */
    private static final int PICTURES = 8;

    private final Pretrainer.Request request;
    private final FeatureExtractor teacher;
    private final Progress progress;
    private final KnnHistory knn;

    Evaluations(Pretrainer.Request request, FeatureExtractor teacher, Progress progress) {
        this.request = request;
        this.teacher = teacher;
        this.progress = progress;
        this.knn = KnnHistory.open(request.directory().knnFile());
    }

    /** What is evaluated; it serves the thread that trains. */
    FeatureExtractor teacher() {
        return teacher;
    }

    /** Raw pixels and the untrained network, once in a run. */
    void before(long step) {
        knn.dropAfter(step);
        request.probe().ifPresent(probe -> {
            if (knn.pixels().isEmpty()) {
                knn.setPixels(probe.pixelAccuracy(progress));
            }
            if (step == 0 && knn.untrained().isEmpty()) {
                measure(probe, 0);
            }
        });
    }

    /** How many there are in a phase that is not interrupted, if there are labelled images. */
    static long count(Phase phase) {
        int period = phase.config().evaluation().evalPeriodIterations();
        long last = phase.end() - 1;
        long during = period == 0 ? 0 : last / period - phase.first() / period;
        return (phase.first() == 0 ? 1 : 0) + during + 1;
    }

    boolean isDue(long step) {
        int period = request.config().evaluation().evalPeriodIterations();
        return period > 0 && step % period == 0 && request.probe().isPresent();
    }

    void during(long step) {
        progress.end();
        request.probe().ifPresent(probe -> measure(probe, step));
    }

    void after(long step) {
        request.probe().ifPresent(probe -> measure(probe, step));
    }

    private void measure(KnnProbe probe, long step) {
        Map<Integer, Double> accuracy = probe.accuracy(teacher, progress);
        knn.set(step, accuracy);
        progress.say("step %d: k-NN accuracy %s".formatted(step, percent(accuracy)));
        knn.fall().ifPresent(progress::say);
    }

    /** Such as {@code 41.2% (k = 20)}. */
    private static String percent(Map<Integer, Double> accuracy) {
        List<String> parts = new ArrayList<>();
        accuracy.forEach((k, a) -> parts.add("%.1f%% (k = %d)".formatted(100 * a, k)));
        return String.join(", ", parts);
    }

    void report(Map<String, String> versions, List<String> rollbacks) throws IOException {
        List<RunReport.Accuracy> accuracies = new ArrayList<>();
        knn.pixels().ifPresent(a -> accuracies.add(new RunReport.Accuracy("Raw pixels", a)));
        knn.untrained().ifPresent(a -> accuracies.add(new RunReport.Accuracy("Untrained network", a)));
        knn.last().ifPresent(a -> {
            accuracies.add(new RunReport.Accuracy("Trained network", a));
            progress.say("k-NN accuracy: raw pixels %s; untrained %s; trained %s"
                    .formatted(
                            knn.pixels().map(Evaluations::percent).orElse("-"),
                            knn.untrained().map(Evaluations::percent).orElse("-"),
                            percent(a)));
        });
        new RunReport(
                        "Pre-training in " + request.directory().path().getFileName(),
                        request.command(),
                        Files.readString(request.directory().configFile()), // of all phases
                        versions,
                        rollbacks,
                        metricsAndKnn(),
                        accuracies,
                        pictures())
                .write(request.directory().reportFile());
    }

    /** The records of the steps, k-NN accuracy in percent added to those after which it was measured. */
    private List<MetricsLog.Record> metricsAndKnn() throws IOException {
        Map<Long, Map<Integer, Double>> knnBySteps = knn.bySteps();
        List<MetricsLog.Record> records = new ArrayList<>();
        for (MetricsLog.Record r : MetricsLog.read(request.directory().metricsFile())) {
            Map<Integer, Double> accuracy = knnBySteps.getOrDefault(r.step() == 0 ? 0 : r.step() + 1, Map.of());
            Map<String, Double> values = new LinkedHashMap<>(r.values());
            accuracy.forEach((k, a) -> values.put("k-NN accuracy in percent, k = " + k, 100 * a));
            records.add(new MetricsLog.Record(r.step(), values));
        }
        return records;
    }

    private Optional<PatchSamples> pictures() {
        ImageSource source = request.probe().map(KnnProbe::test).orElse(request.images());
        return PatchPictures.read(
                        source,
                        PICTURES,
                        Recipe.evaluation(request.config()),
                        line -> progress.say("not shown in the report: " + line))
                .map(pictures -> pictures.features(teacher));
    }
}
