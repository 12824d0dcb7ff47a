package io.dino4j.train.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class ImportanceTest {
    /** Groups 1, 2, 3 and 7, 8, 9: SSB = 54, SSW = 4, MSW = 1, so that epsilon^2 = (54 - 1) / 58. */
    @Test
    void theShareIsEpsilonSquared() {
        double[] values = {1, 2, 3, 7, 8, 9};
        assertEquals(53.0 / 58, Importance.betweenGroups(values, new int[] {0, 0, 0, 5, 5, 5}), 1e-12);
        assertEquals(0, Importance.betweenGroups(values, new int[] {0, 5, 0, 5, 0, 5}), 0.2);
        assertEquals(0, Importance.betweenGroups(values, new int[6]), "one group tells nothing");
        assertEquals(0, Importance.betweenGroups(values, new int[] {0, 1, 2, 3, 4, 5}), "nor one value each");
    }

    /** The best in the middle of a range has no rank correlation, and is important all the same. */
    @Test
    void theKeyThatDecidesIsFoundAndChanceIsNot() {
        List<Dimension> space = List.of(
                new Dimension.Range("middle", 0, 1, false, false),
                new Dimension.Range("chance", 0, 1, false, false),
                new Dimension.Choice("up", List.of("a", "b")));
        SplittableRandom random = new SplittableRandom(5);
        List<CandidateResult> results = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            double middle = i / 59.0;
            boolean b = random.nextBoolean();
            TreeMap<Long, Double> curve = new TreeMap<>();
            curve.put(10L, 0.5 - Math.abs(middle - 0.5) + (b ? 0.2 : 0));
            results.add(new CandidateResult(
                    i,
                    List.of("middle=" + middle, "chance=" + random.nextDouble(), "up=" + (b ? "b" : "a")),
                    CandidateResult.Status.FINISHED,
                    10,
                    1,
                    curve,
                    ""));
        }
        List<Importance> all = Importance.of(Leaderboard.of(results), space);
        assertEquals(
                List.of("middle", "up", "chance"),
                all.stream().map(Importance::key).toList());
        assertTrue(all.get(0).share() > 0.35 && Math.abs(all.get(0).direction()) < 0.15, all.toString());
        assertTrue(all.get(1).share() > 0.05 && all.get(1).direction() > 0.2, all.toString());
        assertTrue(all.get(2).share() < 0.05, all.toString());
    }
}
