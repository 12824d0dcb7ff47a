package io.dino4j.train.sentinel;

import io.dino4j.train.config.RunConfig;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Looks at a run every so many steps and tells whether it has collapsed: features that are the same for every image, targets that are
 * uniform, or one prototype for everything. A sign counts only once it has been clearly absent, or when the warm-up and
 * {@code sentinel.grace_steps} are over: a fresh network with a small layer-scale shows all three. A collapse is a sign that was there at
 * {@code sentinel.patience} looks in a row. Numbers that are not finite are trouble at once.
 */
public final class Sentinel {
    private static final String LAST_WIN = "sentinel.last_win";
    private static final String SIGNS = "sentinel.signs";

    /** Looks that the winning prototypes are counted over. */
    private static final int WINDOW = 50;

    /** How many times further than the limit a number must be for its sign to be clearly absent. */
    private static final double CLEAR = 2;

    private static final String GENTLER =
            "a lower optim.base_lr or optim.clip_grad, a longer optim.warmup_epochs, or a larger batch";

    /** One sign of collapse: a number that comes nearer to its extreme than a limit. */
    private record Sign(
            String metric, ToDoubleFunction<Look> value, double extreme, double limit, String meaning, String remedy) {
        boolean isPresent(Look look) {
            return distance(look) < Math.abs(limit - extreme);
        }

        boolean isClearlyAbsent(Look look) {
            return distance(look) >= CLEAR * Math.abs(limit - extreme);
        }

        private double distance(Look look) {
            return Math.abs(value.applyAsDouble(look) - extreme);
        }

        String describe(Look look) {
            return "%s is %s, %s the limit of %s"
                    .formatted(metric, (float) value.applyAsDouble(look), limit > extreme ? "below" : "above", limit);
        }
    }

    private final RunConfig.Sentinel config;
    private final long grace;
    private final int groups;
    private final List<Sign> signs;
    private final TargetStatistics targetStatistics;
    private final FeatureStatistics featureStatistics = new FeatureStatistics();
    private final float[] lastWin; // number of the look, counted from 1; 0 for never
    private final boolean[] armed;
    private final int[] streak;
    private long lastGood;
    private long newest = -1; // step looked at

    /**
     * A sentinel that has seen nothing yet.
     *
     * @param config when to look, and the limits
     * @param warm step at which the learning rate's warm-up is over
     * @param prototypes K of the cls targets
     * @param groups equal parts of the features among which neighbours are looked for: the global crops
     */
    public Sentinel(RunConfig.Sentinel config, long warm, int prototypes, int groups) {
        this.config = config;
        this.grace = warm + config.graceSteps();
        this.groups = groups;
        signs = signs(config);
        targetStatistics = new TargetStatistics(prototypes);
        lastWin = new float[prototypes];
        armed = new boolean[signs.size()];
        streak = new int[signs.size()];
    }

    /**
     * A measure of {@code metrics.jsonl} that tells of a collapse when it lies beyond a limit.
     *
     * @param metric its name
     * @param value the limit
     * @param least true if smaller values are bad, false if larger ones are
     */
    public record Limit(String metric, double value, boolean least) {}

    /** The limits of a configuration. */
    public static List<Limit> limits(RunConfig.Sentinel config) {
        return signs(config).stream()
                .map(s -> new Limit(s.metric, s.limit, s.limit > s.extreme))
                .toList();
    }

    private static List<Sign> signs(RunConfig.Sentinel config) {
        return List.of(
                new Sign(
                        "feature_std",
                        Look::featureStd,
                        0,
                        config.minFeatureStd(),
                        "all images have the same features",
                        "a dino.koleo_loss_weight above 0"),
                new Sign(
                        "teacher_entropy_share",
                        Look::teacherEntropyShare,
                        1,
                        config.maxEntropyShare(),
                        "the teacher's targets are uniform and teach nothing",
                        "a lower teacher.teacher_temp or fewer prototypes (dino.head_n_prototypes)"),
                new Sign(
                        "prototypes_used",
                        Look::prototypesUsed,
                        1,
                        config.minPrototypes(),
                        "all images have the same prototype",
                        "train.centering=sinkhorn_knopp, a higher teacher.teacher_temp or teacher.momentum_teacher"));
    }

    /** True if {@link #look} is to be called in this step. */
    public boolean isDue(long step) {
        return config.period() > 0 && step % config.period() == 0;
    }

    /**
     * Looks at a step.
     *
     * @param targets the teacher's cls targets {@code [R, K]}, dense FLOAT
     * @param features the teacher's cls features {@code [R, D]}, dense FLOAT
     * @return what is seen, by the names that {@code metrics.jsonl} gives it
     * @throws TroubleException if the run has collapsed
     */
    public Map<String, Double> look(long step, INDArray targets, INDArray features) {
        Look look = measure(step, targets, features);
        if (step <= newest) {
            return look.values(); // a step that is worked out again after a fault does not count twice
        }
        newest = step;
        for (int i = 0; i < signs.size(); i++) {
            Sign sign = signs.get(i);
            armed[i] |= sign.isClearlyAbsent(look);
            boolean counts = armed[i] || step >= grace;
            streak[i] = counts && sign.isPresent(look) ? streak[i] + 1 : 0;
            if (streak[i] >= config.patience()) {
                throw new TroubleException(
                        "step %d: %s at %d looks in a row: %s"
                                .formatted(step, sign.describe(look), streak[i], sign.meaning()),
                        step,
                        lastGood,
                        GENTLER + "; in a new run also " + sign.remedy());
            }
        }
        if (!isSuspicious()) {
            lastGood = step;
        }
        return look.values();
    }

    private Look measure(long step, INDArray targets, INDArray features) {
        float number = step / config.period() + 1F;
        targetStatistics.measure(targets, lastWin, number);
        int winning = 0;
        for (float win : lastWin) {
            winning += win > Math.max(0, number - WINDOW) ? 1 : 0;
        }
        featureStatistics.take(features);
        return new Look(
                targetStatistics.entropy(),
                targetStatistics.entropyShare(),
                targetStatistics.prototypesUsed(),
                targetStatistics.prototypesUsed() / lastWin.length,
                winning,
                featureStatistics.deviation(),
                features.size(0) / groups > 1 ? featureStatistics.nearestDistance(groups) : Double.NaN);
    }

    private boolean isSuspicious() {
        return Arrays.stream(streak).anyMatch(s -> s > 0);
    }

    /** The newest step whose checkpoint can be trusted as far as is known: that of the last look without a counted sign. */
    public long goodUpTo(long step) {
        return isSuspicious() ? lastGood : step;
    }

    /**
     * Checks numbers of a step.
     *
     * @param values by name
     * @throws TroubleException naming the first that is not finite. The checkpoint of this very step is not to be trusted then:
     *     no step from it has come out well
     */
    public void requireFinite(long step, Map<String, Double> values) {
        values.forEach((name, value) -> {
            if (!Double.isFinite(value)) {
                throw new TroubleException(
                        "step %d: %s is %s".formatted(step, name, value),
                        step,
                        Math.min(step - 1, goodUpTo(step)),
                        GENTLER);
            }
        });
    }

    /** What it remembers, to be saved with a checkpoint. */
    public Map<String, INDArray> state() {
        float[] state = new float[2 * armed.length + 1];
        for (int i = 0; i < armed.length; i++) {
            state[2 * i] = armed[i] ? 1 : 0;
            state[2 * i + 1] = streak[i];
        }
        state[2 * armed.length] = lastGood; // exact up to 16 million steps
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        arrays.put(SIGNS, Nd4j.createFromArray(state));
        arrays.put(LAST_WIN, Nd4j.createFromArray(lastWin));
        return arrays;
    }

    /**
     * Goes on from a saved state.
     *
     * @param arrays of {@link #state()}, among others; a checkpoint from before there was a sentinel has none, and leaves it fresh
     */
    public void restore(Map<String, INDArray> arrays) {
        INDArray saved = arrays.get(SIGNS);
        if (saved == null || saved.length() != 2L * armed.length + 1) {
            return;
        }
        float[] state = saved.toFloatVector();
        for (int i = 0; i < armed.length; i++) {
            armed[i] = state[2 * i] != 0;
            streak[i] = (int) state[2 * i + 1];
        }
        lastGood = (long) state[2 * armed.length];
        float[] wins = arrays.get(LAST_WIN).castTo(DataType.FLOAT).toFloatVector();
        System.arraycopy(wins, 0, lastWin, 0, lastWin.length);
    }
}
