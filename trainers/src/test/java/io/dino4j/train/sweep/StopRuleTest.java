package io.dino4j.train.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.NavigableMap;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class StopRuleTest {
    private static final StopRule RULE =
            new StopRule(OptionalLong.of(20), 3, OptionalLong.empty(), OptionalDouble.empty());

    private static NavigableMap<Long, Double> curve(double... everyTenSteps) {
        NavigableMap<Long, Double> curve = new TreeMap<>();
        for (int i = 0; i < everyTenSteps.length; i++) {
            curve.put(10L * (i + 1), everyTenSteps[i]);
        }
        return curve;
    }

    private static final List<NavigableMap<Long, Double>> OTHERS =
            List.of(curve(0.1, 0.4, 0.9), curve(0.5, 0.3, 0.9), curve(0.1, 0.2, 0.9), curve(0.9));

    /** Best by step 20: 0.4, 0.5 and 0.2, so that the median is 0.4; the last has not come as far. */
    @Test
    void theBestSoFarIsComparedWithTheMedianOfTheBestSoFar() {
        assertEquals(OptionalDouble.of(0.4), RULE.medianAbove(curve(0.1, 0.39), OTHERS));
        assertEquals(OptionalDouble.empty(), RULE.medianAbove(curve(0.1, 0.4), OTHERS), "equal goes on");
        assertEquals(OptionalDouble.empty(), RULE.medianAbove(curve(0.41, 0.1), OTHERS), "it was better before");
        assertEquals(OptionalDouble.of(0.9), RULE.medianAbove(curve(0.41, 0.1, 0.8), OTHERS));
    }

    @Test
    void nobodyIsStoppedTooEarlyOrByTooFew() {
        assertEquals(OptionalDouble.empty(), RULE.medianAbove(curve(0.0), OTHERS), "step 10 is before 20");
        assertEquals(OptionalDouble.empty(), RULE.medianAbove(curve(0.0, 0.0), OTHERS.subList(1, 4)));
        assertEquals(OptionalDouble.empty(), RULE.medianAbove(curve(), OTHERS));
        assertEquals(OptionalDouble.empty(), StopRule.NONE.medianAbove(curve(0.0, 0.0), OTHERS));
    }

    @Test
    void anEvenNumberHasTheMeanOfTheMiddle() {
        List<NavigableMap<Long, Double>> four = List.of(curve(0, 0.4), curve(0, 0.5), curve(0, 0.2), curve(0, 0.3));
        assertEquals(0.35, RULE.medianAbove(curve(0.1, 0.34), four).orElseThrow(), 1e-12);
    }

    @Test
    void limitsAreNamed() {
        Exception e = assertThrows(
                IllegalArgumentException.class,
                () -> new StopRule(OptionalLong.empty(), 3, OptionalLong.empty(), OptionalDouble.of(0)));
        assertEquals("stop.minutes: allowed: above 0", e.getMessage());
    }
}
