package io.dino4j.data.vector;

import io.dino4j.data.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Draws vectors so that the clusters of every level of a hierarchy are as equally represented as their sizes allow: the target is shared
 * out among the clusters of the top level, the share of each among its clusters, and so on.
 *
 * @see <a href="https://arxiv.org/abs/2405.15613">Automatic Data Curation for Self-Supervised Learning</a>, hierarchical sampling
 */
public final class BalancedSample {
    /** Which vectors of a lowest cluster are taken. */
    public enum Pick {
        /** Those nearest to the centroid. */
        CLOSEST,
        /** By chance, without replacement. */
        RANDOM
    }

    private BalancedSample() {}

    /**
     * Draws vectors.
     *
     * @param hierarchy clusters
     * @param target how many vectors, from 0; all if there are not more
     * @param pick which of a cluster
     * @param seed of {@link Pick#RANDOM}
     * @return positions of exactly {@code min(target, N)} vectors, ascending
     */
    public static int[] of(Hierarchy hierarchy, int target, Pick pick, long seed) {
        if (target < 0) {
            throw new IllegalArgumentException("vectors to be drawn must be 0 or more, got " + target);
        }
        int top = hierarchy.levels().size() - 1;
        int[] quota = share(sizes(hierarchy, top), target);
        for (int l = top; l > 0; l--) {
            Clustering level = hierarchy.levels().get(l);
            int[] sizes = sizes(hierarchy, l - 1);
            Members members = Members.of(level);
            int[] below = new int[sizes.length];
            for (int c = 0; c < level.clusters(); c++) {
                int[] children = members.of(c);
                int[] part = share(Arrays.stream(children).map(i -> sizes[i]).toArray(), quota[c]);
                for (int i = 0; i < children.length; i++) {
                    below[children[i]] = part[i];
                }
            }
            quota = below;
        }
        return pick(Members.of(hierarchy.lowest()), quota, pick, new Seed(seed).derive("balanced sample"));
    }

    /** Vectors in each cluster of a level. */
    private static int[] sizes(Hierarchy hierarchy, int level) {
        int[] sizes = new int[hierarchy.levels().get(level).clusters()];
        for (int c : hierarchy.assignment(level)) {
            sizes[c]++;
        }
        return sizes;
    }

    /**
     * Shares out a target: {@code min(size, x)} each with the largest whole x that does not exceed it, found by bisection; what is left,
     * less than one for each that has more, goes to these in order.
     *
     * @param sizes most that each can take
     * @param target in all
     * @return shares that sum to {@code min(target, Σ sizes)}
     */
    static int[] share(int[] sizes, int target) {
        int low = 0;
        int high = Arrays.stream(sizes).max().orElse(0);
        while (low < high) {
            int x = (int) (((long) low + high + 1) / 2);
            if (total(sizes, x) <= target) {
                low = x;
            } else {
                high = x - 1;
            }
        }
        int cut = low;
        int[] shares = Arrays.stream(sizes).map(s -> Math.min(s, cut)).toArray();
        long left = target - total(sizes, cut);
        for (int i = 0; i < sizes.length && left > 0; i++) {
            if (sizes[i] > cut) {
                shares[i]++;
                left--;
            }
        }
        return shares;
    }

    private static long total(int[] sizes, int cut) {
        return Arrays.stream(sizes).mapToLong(s -> Math.min(s, cut)).sum();
    }

    private static int[] pick(Members members, int[] quota, Pick pick, Seed seed) {
        int[] picked = new int[Arrays.stream(quota).sum()];
        int at = 0;
        for (int c = 0; c < quota.length; c++) {
            int[] rows =
                    pick == Pick.CLOSEST ? members.nearestFirst(c) : shuffled(members.of(c), quota[c], seed.at(0, c));
            System.arraycopy(rows, 0, picked, at, quota[c]);
            at += quota[c];
        }
        Arrays.sort(picked);
        return picked;
    }

    private static int[] shuffled(int[] rows, int count, RandomGenerator random) {
        return Arrays.stream(Sample.of(rows.length, count, random))
                .map(i -> rows[i])
                .toArray();
    }
}
