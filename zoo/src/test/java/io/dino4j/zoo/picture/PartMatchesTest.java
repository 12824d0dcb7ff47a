package io.dino4j.zoo.picture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.PartMatches.Match;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A permutation of patches comes back. */
final class PartMatchesTest {
    private static final int HEIGHT = 30;
    private static final int WIDTH = 24; // more patches than are compared at a time
    private static final int D = 40;

    private final PatchFeatures a = Grids.noise(HEIGHT, WIDTH, D, 0, 3);
    private final int[] permutation = permutation(HEIGHT * WIDTH);

    private static int[] permutation(int n) {
        SplittableRandom random = new SplittableRandom(8);
        int[] p = IntStream.range(0, n).toArray();
        for (int i = n - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = p[i];
            p[i] = p[j];
            p[j] = swapped;
        }
        return p;
    }

    /** The patches of {@code a} in another order, on a grid of another shape, longer or shorter, with a little noise. */
    private PatchFeatures shuffled() {
        SplittableRandom random = new SplittableRandom(9);
        float[] patches = new float[a.patches().length];
        for (int p = 0; p < permutation.length; p++) {
            double scale = 0.5 + random.nextDouble();
            for (int j = 0; j < D; j++) {
                double v = a.patches()[p * D + j] + 0.05 * random.nextGaussian();
                patches[permutation[p] * D + j] = (float) (scale * v);
            }
        }
        return new PatchFeatures(WIDTH, HEIGHT, D, new float[D], patches);
    }

    private PartMatches matches(PatchFeatures b) {
        List<PatchFeatures> both = List.of(a, b);
        return PartMatches.between(a, b, PatchPca.ofAllPatches(both));
    }

    @Test
    void aPermutationIsFound() {
        List<Match> all = matches(shuffled()).all();
        assertEquals(HEIGHT * WIDTH, all.size());
        double before = 1;
        for (Match m : all) {
            assertEquals(permutation[m.ay() * WIDTH + m.ax()], m.by() * HEIGHT + m.bx());
            assertTrue(m.similarity() > 0.99 && m.similarity() <= 1 + 1e-6);
            assertTrue(m.similarity() <= before + 1e-6, "the best first");
            before = m.similarity();
        }
    }

    @Test
    void onlyTheObjectIsMatchedPartByPart() {
        PatchFeatures left = Grids.object(0, 0, 1, 1);
        PatchFeatures right = Grids.object(3, 0, 1, 2);
        List<Match> all = PartMatches.between(left, right).all();
        assertTrue(all.size() >= 4, () -> "pairs: " + all.size());
        for (Match m : all) {
            int part = Grids.part(m.ay(), m.ax(), 0);
            assertTrue(part >= 0, m::toString);
            assertEquals(part, Grids.part(m.by(), m.bx(), 3), m::toString);
        }
    }

    @Test
    void aPatchThatIsNearestOneWayOnlyIsNoPart() {
        PatchFeatures two = new PatchFeatures(1, 2, 2, new float[2], new float[] {1, 0.5f, 1, 0.1f});
        PatchFeatures one = new PatchFeatures(1, 1, 2, new float[2], new float[] {3, 0});
        List<Match> all = PartMatches.between(two, one, PatchPca.ofAllPatches(List.of(two)))
                .all();
        assertEquals(1, all.size());
        assertEquals(1, all.get(0).ax(), "the nearer of the two");
    }

    @Test
    void linesAreSpread() {
        PartMatches matches = matches(shuffled());
        List<Match> few = matches.spread(12);
        assertEquals(12, few.size());
        assertEquals(matches.all().get(0), few.get(0), "the best stays");
        for (Match m : few) {
            for (Match n : few) {
                double apart = Math.min(
                        Math.hypot(m.ay() - n.ay(), m.ax() - n.ax()), Math.hypot(m.by() - n.by(), m.bx() - n.bx()));
                assertTrue(m.equals(n) || apart >= 3, () -> m + " and " + n);
            }
        }
        assertEquals(HEIGHT * WIDTH, matches.spread(100_000).size(), "all, if as many are wanted");
        assertThrows(IllegalArgumentException.class, () -> matches.spread(0));
    }

    @Test
    void nothingMatchesNothing() {
        PatchFeatures zero = new PatchFeatures(2, 2, D, new float[D], new float[4 * D]);
        List<Match> all = PartMatches.between(zero, zero, PatchPca.ofAllPatches(List.of(zero)))
                .all();
        all.forEach(m -> assertEquals(0, m.similarity()));
        PatchFeatures narrow = new PatchFeatures(1, 1, 2, new float[2], new float[2]);
        assertThrows(IllegalArgumentException.class, () -> PartMatches.between(zero, narrow));
        assertEquals(List.of(), new PartMatches(List.of(), PatchPca.of(List.of(zero))).spread(3));
    }
}
