package io.dino4j.train.sweep;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * When a candidate is ended before its last step. The median rule is that of Google Vizier (Golovin et al. 2017, section 3.2.1) with the best
 * accuracy so far on both sides: a candidate whose best one up to a step is below the median of the others' best up to that step is not
 * worth its remaining steps. Others are those that have come as far.
 *
 * @param medianAfter first step at which the median rule looks; empty for no median rule
 * @param others how many must have come as far before anyone is stopped
 * @param steps after which each candidate is taken as finished, at the first measurement from there on
 * @param minutes after which a candidate is stopped, at the next measurement
 */
public record StopRule(OptionalLong medianAfter, int others, OptionalLong steps, OptionalDouble minutes) {
    /** Candidates train to their ends. */
    public static final StopRule NONE =
            new StopRule(OptionalLong.empty(), 3, OptionalLong.empty(), OptionalDouble.empty());

    /** Checks the limits. */
    public StopRule {
        require(medianAfter.orElse(1) >= 1, "stop.median_after", "1 or more");
        require(others >= 1, "stop.others", "1 or more");
        require(steps.orElse(1) >= 1, "stop.steps", "1 or more");
        require(minutes.orElse(1) > 0, "stop.minutes", "above 0");
    }

    private static void require(boolean holds, String key, String allowed) {
        if (!holds) {
            throw new IllegalArgumentException("%s: allowed: %s".formatted(key, allowed));
        }
    }

    /** True if nobody is ever ended early. */
    boolean isOff() {
        return medianAfter.isEmpty() && steps.isEmpty() && minutes.isEmpty();
    }

    /** All of it in a few words. */
    String description() {
        List<String> parts = new ArrayList<>();
        medianAfter.ifPresent(s -> parts.add("below the median of %d others from step %d on".formatted(others, s)));
        steps.ifPresent(s -> parts.add("after %d steps".formatted(s)));
        minutes.ifPresent(m -> parts.add("after %s minutes".formatted(m)));
        return parts.isEmpty() ? "never" : String.join(", ", parts);
    }

    /**
     * The median that a candidate is below.
     *
     * @param curve its accuracies by step, up to now
     * @param all the curves of the others, as far as they have come
     * @return empty if it may go on
     */
    OptionalDouble medianAbove(NavigableMap<Long, Double> curve, Collection<NavigableMap<Long, Double>> all) {
        if (medianAfter.isEmpty() || curve.isEmpty() || curve.lastKey() < medianAfter.getAsLong()) {
            return OptionalDouble.empty();
        }
        long step = curve.lastKey();
        double[] best = all.stream()
                .filter(c -> !c.isEmpty() && c.lastKey() >= step)
                .mapToDouble(c -> best(c.headMap(step, true)))
                .sorted()
                .toArray();
        if (best.length < others) {
            return OptionalDouble.empty();
        }
        double median = median(best);
        return best(curve) < median ? OptionalDouble.of(median) : OptionalDouble.empty();
    }

    private static double best(NavigableMap<Long, Double> curve) {
        return curve.values().stream().mapToDouble(a -> a).max().orElse(0);
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1
                ? sorted[middle]
                : Arrays.stream(sorted, middle - 1, middle + 1).average().orElseThrow();
    }
}
