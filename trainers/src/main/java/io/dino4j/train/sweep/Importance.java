package io.dino4j.train.sweep;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How much one key by itself decides the rank of a candidate: the main effect of functional ANOVA, estimated without a model. Candidates are
 * put into groups, one for each value of a choice and three equally large ones, by value, for a range. The share of the variance of the ranks
 * that lies between the groups, less what groups drawn by chance would show, is
 * {@code epsilon^2 = (SSB - (g - 1) MSW) / SST} (Kelley 1935), 0 if negative. With a dozen candidates it is a hint, not a proof.
 *
 * @param key what was searched
 * @param share {@code epsilon^2}, 0 to 1
 * @param direction Spearman's rank correlation of value and place, above 0 if larger values (later choices) do better
 */
record Importance(String key, double share, double direction) {
    private static final int GROUPS = 3;

    /** Of all keys, the most important first; candidates without a score are left out. */
    static List<Importance> of(Leaderboard board, List<Dimension> space) {
        List<CandidateResult> scored =
                board.candidates().stream().filter(c -> c.score().isPresent()).toList();
        int n = scored.size();
        double[] places = new double[n]; // the best has the largest
        for (int i = 0; i < n; i++) {
            places[i] = n - i;
        }
        List<Importance> all = new ArrayList<>();
        for (Dimension d : space) {
            double[] positions = scored.stream()
                    .mapToDouble(c -> d.position(c.value(d.key())))
                    .toArray();
            int[] groups = d instanceof Dimension.Choice c
                    ? Arrays.stream(positions)
                            .mapToInt(p -> (int) Math.round(p * (c.values().size() - 1)))
                            .toArray()
                    : thirds(positions);
            all.add(new Importance(d.key(), betweenGroups(places, groups), correlation(ranks(positions), places)));
        }
        all.sort(Comparator.comparingDouble(Importance::share).reversed());
        return all;
    }

    /** Equal values are in the same group. */
    private static int[] thirds(double[] values) {
        double[] ranks = ranks(values);
        int[] groups = new int[values.length];
        Arrays.setAll(groups, i -> (int) ((ranks[i] - 0.5) * GROUPS / values.length));
        return groups;
    }

    /** {@code epsilon^2} of values in groups; 0 if there are too few to tell. */
    static double betweenGroups(double[] values, int[] groups) {
        int n = values.length;
        int[] present = Arrays.stream(groups).distinct().toArray();
        double mean = Arrays.stream(values).average().orElse(0);
        double total = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
        if (present.length < 2 || n <= present.length || total == 0) {
            return 0;
        }
        double between = 0;
        for (int g : present) {
            double[] members = IntStream.range(0, n)
                    .filter(i -> groups[i] == g)
                    .mapToDouble(i -> values[i])
                    .toArray();
            double difference = Arrays.stream(members).average().orElseThrow() - mean;
            between += members.length * difference * difference;
        }
        double within = (total - between) / (n - present.length);
        return Math.max(0, (between - (present.length - 1) * within) / total);
    }

    /** Ranks from 1; equal values have their mean rank. */
    private static double[] ranks(double[] values) {
        double[] ranks = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            double below = 0.5; // the value itself counts half below and half above
            for (double v : values) {
                below += v < values[i] ? 1 : v == values[i] ? 0.5 : 0;
            }
            ranks[i] = below;
        }
        return ranks;
    }

    /** Pearson's correlation; 0 if one of them is constant. */
    private static double correlation(double[] a, double[] b) {
        double meanA = Arrays.stream(a).average().orElse(0);
        double meanB = Arrays.stream(b).average().orElse(0);
        double product = 0;
        double squareA = 0;
        double squareB = 0;
        for (int i = 0; i < a.length; i++) {
            product += (a[i] - meanA) * (b[i] - meanB);
            squareA += (a[i] - meanA) * (a[i] - meanA);
            squareB += (b[i] - meanB) * (b[i] - meanB);
        }
        return squareA == 0 || squareB == 0 ? 0 : product / Math.sqrt(squareA * squareB);
    }
}
