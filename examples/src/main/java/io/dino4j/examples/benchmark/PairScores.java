package io.dino4j.examples.benchmark;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Pairs of a copy and an image of the pool, each with a number that says how alike they are.
 *
 * @param name how the number was found
 * @param score (E) of the pairs
 * @param isCopy (E) whether the image is what the copy was made of
 * @param alteration (E) how the copy was made
 * @param wanted how many pairs there would be to find, by alteration
 */
record PairScores(String name, float[] score, boolean[] isCopy, List<String> alteration, Map<String, Integer> wanted) {
    /**
     * What a threshold gives.
     *
     * @param found copies found
     * @param falsely pairs that are no copies
     * @param wanted copies there are
     */
    record Count(int found, int falsely, int wanted) {
        double recall() {
            return wanted == 0 ? 1 : (double) found / wanted;
        }

        double precision() {
            return found + falsely == 0 ? 1 : (double) found / (found + falsely);
        }
    }

    Count at(double threshold) {
        int found = 0;
        int falsely = 0;
        for (int e = 0; e < score.length; e++) {
            if (score[e] >= threshold) {
                found += isCopy[e] ? 1 : 0;
                falsely += isCopy[e] ? 0 : 1;
            }
        }
        return new Count(
                found, falsely, wanted.values().stream().mapToInt(i -> i).sum());
    }

    Map<String, Count> byAlteration(double threshold) {
        Map<String, Count> counts = new TreeMap<>();
        wanted.forEach((name, count) -> counts.put(name, new Count(0, 0, count)));
        for (int e = 0; e < score.length; e++) {
            if (score[e] >= threshold) {
                Count before = counts.get(alteration.get(e));
                counts.put(
                        alteration.get(e),
                        isCopy[e]
                                ? new Count(before.found() + 1, before.falsely(), before.wanted())
                                : new Count(before.found(), before.falsely() + 1, before.wanted()));
            }
        }
        return counts;
    }
}
