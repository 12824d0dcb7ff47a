package io.dino4j.data.crop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.image.Range;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MaskTest {
    @ParameterizedTest
    @CsvSource({"1,1", "2,2", "4,4", "8,8", "16,16", "37,37", "3,20"})
    void aMaskNeverExceedsItsRequestAndIsRarelyEmpty(int height, int width) {
        BlockMask block = BlockMask.forGrid(height, width);
        SplittableRandom rng = new SplittableRandom(1);
        for (int requested = 0; requested <= height * width; requested += Math.max(1, height * width / 20)) {
            boolean[] mask = block.generate(requested, rng);
            assertEquals(height * width, mask.length);
            assertTrue(count(mask) <= requested, count(mask) + " for " + requested);
        }
    }

    @Test
    void theGridOfThePaperGetsHalfOfItself() {
        assertEquals(128, BlockMask.forGrid(16, 16).maxPatches());
        assertEquals(18 * 37, BlockMask.forGrid(37, 37).maxPatches());
    }

    @Test
    void masksAreBlocksAndNotDust() {
        boolean[] mask = BlockMask.forGrid(16, 16).generate(64, new SplittableRandom(3));
        int edges = 0;
        for (int p = 0; p < 256; p++) {
            edges += p % 16 < 15 && mask[p] != mask[p + 1] ? 1 : 0;
        }
        assertTrue(edges < 50, edges + " edges"); // 64 single patches would have about 90
    }

    @Test
    void drawnMasksRespectTheBoundAndTheLayout() {
        MaskCollator collator = new MaskCollator(12, 64, 0.5, new Range(0.1, 0.5));
        assertEquals(6, collator.maskedSlots());
        assertEquals(Arrays.stream(collator.slotUpper()).sum(), collator.upperBound());
        SplittableRandom rng = new SplittableRandom(4);
        for (int round = 0; round < 50; round++) {
            MaskSet set = collator.draw(BlockMask.forGrid(8, 8), rng);
            assertTrue(set.indices().length <= collator.upperBound());
            int slots = 0;
            double weights = 0;
            for (int slot = 0; slot < 12; slot++) {
                double sum = 0;
                for (int p = 0; p < 64; p++) {
                    sum += set.masks()[slot * 64 + p];
                }
                slots += sum > 0 ? 1 : 0;
            }
            for (int i = 0; i < set.indices().length; i++) {
                assertEquals(1, set.masks()[set.indices()[i]]);
                assertTrue(i == 0 || set.indices()[i] > set.indices()[i - 1]);
                weights += set.weights()[i];
            }
            assertEquals(slots, weights, 1e-4); // the weights of one slot sum to one
            assertTrue(slots <= 6);
        }
    }

    @Test
    void noMasksAtAllIsPossible() {
        MaskCollator collator = new MaskCollator(4, 16, 0, new Range(0.1, 0.5));
        assertEquals(0, collator.upperBound());
        assertArrayEquals(
                new int[0],
                collator.draw(BlockMask.forGrid(4, 4), new SplittableRandom(1)).indices());
    }

    @Test
    void wrongNumbersAreRefused() {
        MaskCollator collator = new MaskCollator(4, 16, 0.5, new Range(0.1, 0.5));
        assertThrows(IllegalArgumentException.class, () -> collator.requested(new double[3]));
        assertThrows(IllegalArgumentException.class, () -> new MaskCollator(4, 16, 1.5, new Range(0, 1)));
        assertThrows(
                IllegalArgumentException.class, () -> MultiCropConfig.dinov2(14).withSizes(225, 98, 14));
    }

    private static int count(boolean[] mask) {
        int count = 0;
        for (boolean masked : mask) {
            count += masked ? 1 : 0;
        }
        return count;
    }
}
