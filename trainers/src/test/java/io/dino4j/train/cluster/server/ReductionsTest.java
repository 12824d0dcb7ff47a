package io.dino4j.train.cluster.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.Message;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ReductionsTest {
    private final Reductions sums = new Reductions(4);

    private static Message.Reduce reduce(int tag, int first, int count, Message.Op op, double... values) {
        return new Message.Reduce(1, new Attempt(0, 0, 0), tag, first, count, op, values);
    }

    /** 1e16 + 1 + 1 is 1e16 from the left and 1e16 + 2 from the right. */
    @Test
    void sumsAreMadeInTheOrderOfRanks() {
        assertFalse(sums.add(reduce(3, 3, 1, Message.Op.SUM, 1)));
        assertFalse(sums.add(reduce(3, 1, 2, Message.Op.SUM, 1)));
        assertFalse(sums.add(reduce(3, 1, 2, Message.Op.SUM, 1)));
        assertEquals(Optional.empty(), sums.result(3));
        assertTrue(sums.add(reduce(3, 0, 1, Message.Op.SUM, 1e16)));
        assertArrayEquals(new double[] {1e16}, sums.result(3).orElseThrow());
        assertFalse(sums.add(reduce(3, 0, 1, Message.Op.SUM, 5)));
        assertEquals(Optional.empty(), sums.result(4));
    }

    @Test
    void theLargestIsTakenOfEach() {
        sums.add(reduce(0, 0, 2, Message.Op.MAX, 1, -4, 2));
        sums.add(reduce(0, 2, 2, Message.Op.MAX, -1, -3, Double.NaN));
        assertArrayEquals(new double[] {1, -3, Double.NaN}, sums.result(0).orElseThrow());
    }

    @Test
    void whatDoesNotFitIsRefused() {
        sums.add(reduce(0, 0, 2, Message.Op.SUM, 1, 2));
        assertRefused(reduce(0, 2, 1, Message.Op.SUM, 1));
        assertRefused(reduce(0, 2, 1, Message.Op.MAX, 1, 2));
        assertRefused(reduce(0, 1, 1, Message.Op.SUM, 1, 2));
        assertRefused(reduce(0, 0, 3, Message.Op.SUM, 1, 2));
        assertRefused(reduce(0, 3, 2, Message.Op.SUM, 1, 2));
        assertTrue(sums.add(reduce(0, 2, 2, Message.Op.SUM, 1, 2)));
        for (int tag = 1; tag < 4096; tag++) {
            sums.add(reduce(tag, 0, 1, Message.Op.SUM, 1));
        }
        assertRefused(reduce(4096, 0, 1, Message.Op.SUM, 1));
    }

    @Test
    void memoryIsBounded() {
        double[] large = new double[Limits.DOUBLES];
        for (int tag = 0; tag < 256; tag++) {
            sums.add(reduce(tag, 0, 1, Message.Op.SUM, large));
        }
        assertRefused(reduce(256, 0, 1, Message.Op.SUM, large));
    }

    private void assertRefused(Message.Reduce m) {
        assertThrows(IllegalArgumentException.class, () -> sums.add(m));
    }
}
