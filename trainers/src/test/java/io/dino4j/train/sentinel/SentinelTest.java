package io.dino4j.train.sentinel;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.config.RunConfig;
import io.dino4j.train.config.RunConfig.SentinelAction;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Measures against values worked out by hand, and the verdict on them. */
final class SentinelTest {
    private static final double TOLERANCE = 1e-6;
    private static final int PATIENCE = 3;
    private static final int GRACE = 100;
    private static final int WARMUP = 10;

    private static final INDArray APART = Nd4j.createFromArray(new float[][] {{1, 0}, {-1, 0}, {0, 1}, {0, -1}});
    private static final INDArray ALIKE = Nd4j.createFromArray(new float[][] {{1, 2}, {1, 2}, {2, 4}, {1, 2}});
    private static final INDArray SHARP =
            Nd4j.createFromArray(new float[][] {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0.5F, 0.5F}});
    private static final INDArray UNIFORM = Nd4j.valueArrayOf(new long[] {4, 4}, 0.25F);
    private static final INDArray ONE =
            Nd4j.createFromArray(new float[][] {{1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}});

    private static Sentinel sentinel(int period) {
        RunConfig.Sentinel config =
                new RunConfig.Sentinel(period, SentinelAction.STOP, 0, 1, PATIENCE, GRACE, 0.05, 0.9999, 1.5);
        return new Sentinel(config, WARMUP, 4, 2);
    }

    @Test
    void entropyAndPrototypesAreThoseOfTheRows() {
        Map<String, Double> seen = sentinel(1).look(0, SHARP, APART);
        assertEquals(Math.log(2) / 4, seen.get("teacher_entropy"), TOLERANCE, "three rows of 0, one of ln 2");
        assertEquals(Math.log(2) / 4 / Math.log(4), seen.get("teacher_entropy_share"), TOLERANCE);
        // the mean row is (2, 2, 3, 1) / 8
        double used = Math.exp(0.5 * Math.log(4) + 0.375 * Math.log(8 / 3.0) + 0.125 * Math.log(8));
        assertEquals(used, seen.get("prototypes_used"), TOLERANCE);
        assertEquals(used / 4, seen.get("prototype_use"), TOLERANCE);
        assertEquals(3, seen.get("prototypes_winning"), "of equal ones the first wins");
    }

    @Test
    void winnersOfTheLastLooksAreCounted() {
        Sentinel sentinel = sentinel(2);
        sentinel.look(0, SHARP, APART);
        assertEquals(3, sentinel.look(98, ONE, APART).get("prototypes_winning"), "50 looks, the first included");
        assertEquals(1, sentinel.look(100, ONE, APART).get("prototypes_winning"));
    }

    @Test
    void spreadIsOneInAllDirectionsAndZeroInOne() {
        Map<String, Double> apart = sentinel(1).look(0, SHARP, APART.mul(7));
        assertEquals(1, apart.get("feature_std"), TOLERANCE, "each channel: sqrt(2/4), times sqrt(2)");
        assertEquals(2, apart.get("koleo_distance"), TOLERANCE, "in its own half each row has the opposite one only");
        Map<String, Double> alike = sentinel(1).look(0, SHARP, ALIKE);
        assertEquals(0, alike.get("feature_std"), TOLERANCE, "the length does not count");
        assertEquals(0, alike.get("koleo_distance"), TOLERANCE);
        INDArray mixed = Nd4j.createFromArray(new float[][] {{3, 4}, {4, 3}, {0, 0}, {0, 5}});
        double distance = (2 * Math.sqrt(0.08) + 2) / 4; // twice |(.6, .8) - (.8, .6)|, twice |(0, 0) - (0, 1)|
        assertEquals(distance, sentinel(1).look(0, SHARP, mixed).get("koleo_distance"), TOLERANCE);
    }

    @Test
    void rowsOfALargerArrayAreReadInPlace() {
        INDArray larger = Nd4j.vstack(UNIFORM, SHARP);
        INDArray rows = larger.get(NDArrayIndex.interval(4, 8), NDArrayIndex.all());
        assertEquals(3, sentinel(1).look(0, rows, APART).get("prototypes_winning"));
        assertThrows(IllegalArgumentException.class, () -> sentinel(1).look(0, SHARP.transpose(), APART));
    }

    @Test
    void aCollapseIsASignAtSeveralLooksInARow() {
        requireCollapse("feature_std is 0.0, below the limit of 0.05", SHARP, ALIKE);
        requireCollapse("teacher_entropy_share is 1.0, above the limit of 0.9999", UNIFORM, APART);
        requireCollapse("prototypes_used is 1.0, below the limit of 1.5", ONE, APART);
    }

    private static void requireCollapse(String message, INDArray targets, INDArray features) {
        Sentinel sentinel = sentinel(1);
        sentinel.look(0, SHARP, APART);
        sentinel.look(1, targets, features);
        sentinel.look(2, targets, features);
        sentinel.look(3, SHARP, APART); // it was a passing thing
        assertEquals(3, sentinel.goodUpTo(3));
        sentinel.look(4, targets, features);
        assertEquals(3, sentinel.goodUpTo(4), "a checkpoint of step 4 may hold the collapse");
        sentinel.look(5, targets, features);
        TroubleException trouble = assertThrows(TroubleException.class, () -> sentinel.look(6, targets, features));
        assertTrue(
                trouble.getMessage().startsWith("step 6: " + message + " at 3 looks in a row: "), trouble::getMessage);
        assertEquals(3, trouble.goodUpTo());
    }

    @Test
    void aFreshNetworkIsLetBeUntilTheGraceIsOver() {
        Sentinel sentinel = sentinel(1);
        for (int step = 0; step < WARMUP + GRACE + PATIENCE - 1; step++) {
            sentinel.look(step, UNIFORM, ALIKE);
        }
        TroubleException trouble = assertThrows(
                TroubleException.class, () -> sentinel.look(WARMUP + GRACE + PATIENCE - 1, UNIFORM, ALIKE));
        assertEquals(WARMUP + GRACE - 1, trouble.goodUpTo());
    }

    @Test
    void whatItRemembersGoesOnFromACheckpoint() {
        Sentinel first = sentinel(1);
        first.look(0, SHARP, APART);
        first.look(1, SHARP, ALIKE);
        first.look(2, SHARP, ALIKE);
        Sentinel second = sentinel(1);
        second.restore(first.state());
        assertEquals(0, second.goodUpTo(2));
        assertThrows(TroubleException.class, () -> second.look(3, ONE, ALIKE));
        Sentinel third = sentinel(1);
        third.restore(first.state());
        assertEquals(3, third.look(3, ONE, APART).get("prototypes_winning"));
    }

    @Test
    void aNumberThatIsNotFiniteIsTroubleAtOnce() {
        Sentinel sentinel = sentinel(1);
        assertDoesNotThrow(() -> sentinel.requireFinite(7, Map.of("loss", -1e300)));
        for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            TroubleException trouble =
                    assertThrows(TroubleException.class, () -> sentinel.requireFinite(7, Map.of("ibot_loss", value)));
            assertEquals("step 7: ibot_loss is " + value, trouble.getMessage());
            assertEquals(6, trouble.goodUpTo(), "no step from checkpoint 7 has come out well");
        }
    }

    @Test
    void itLooksWhenItIsDue() {
        assertTrue(sentinel(20).isDue(40));
        assertFalse(sentinel(20).isDue(41));
        assertFalse(sentinel(0).isDue(0));
    }
}
