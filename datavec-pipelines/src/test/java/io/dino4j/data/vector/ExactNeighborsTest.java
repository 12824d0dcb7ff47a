package io.dino4j.data.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.data.Progress;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a plain double loop. Whole numbers make every product exact, and many of them equal. */
final class ExactNeighborsTest {
    private static Neighbors naive(float[] set, float[] queries, int d, int k, float least, boolean self) {
        int n = set.length / d;
        int q = queries.length / d;
        int[] index = new int[q * k];
        float[] similarity = new float[q * k];
        for (int i = 0; i < q; i++) {
            int query = i;
            double[] s = new double[n];
            for (int j = 0; j < n; j++) {
                s[j] = Rows.dot(queries, query, set, j, d);
            }
            int[] order = IntStream.range(0, n)
                    .filter(j -> s[j] >= least && !(self && j == query))
                    .boxed()
                    .sorted(Comparator.comparing((Integer j) -> -s[j]).thenComparing(j -> j))
                    .mapToInt(j -> j)
                    .toArray();
            for (int m = 0; m < k; m++) {
                index[i * k + m] = m < order.length ? order[m] : -1;
                similarity[i * k + m] = m < order.length ? (float) s[order[m]] : Float.NEGATIVE_INFINITY;
            }
        }
        return new Neighbors(k, index, similarity);
    }

    private static void same(Neighbors want, Neighbors got) {
        assertArrayEquals(want.index(), got.index());
        assertArrayEquals(want.similarity(), got.similarity());
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1", "3, 2, 5, 7", "5000, 3, 40, 4", "4096, 17, 513, 1", "9001, 33, 20, 64", "1025, 130, 1, 3"
    })
    void searchEqualsTheLoop(int n, int d, int q, int k) {
        float[] set = Rows.whole(n, d, n);
        float[] queries = Rows.whole(q, d, 99);
        Blocks blocks = new LocalBlocks(new ArrayVectors(set, d), 2);
        Vectors asked = new ArrayVectors(queries, d);
        same(
                naive(set, queries, d, k, Float.NEGATIVE_INFINITY, false),
                new ExactNeighbors(blocks, k).of(asked, Progress.SILENT));
        same(naive(set, queries, d, k, 6, false), new ExactNeighbors(blocks, k, 6).of(asked, Progress.SILENT));
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 1", "2, 2, 3", "4200, 3, 5", "700, 40, 699", "10, 5, 12"})
    void theGraphEqualsTheLoop(int n, int d, int k) {
        float[] set = Rows.whole(n, d, n);
        Blocks blocks = new LocalBlocks(new ArrayVectors(set, d), 2);
        same(
                naive(set, set, d, k, Float.NEGATIVE_INFINITY, true),
                new ExactNeighbors(blocks, k).graph(Progress.SILENT));
        same(naive(set, set, d, k, 3, true), new ExactNeighbors(blocks, k, 3).graph(Progress.SILENT));
    }

    @Test
    void fractionsAgreeUpToRounding() {
        int d = 50;
        float[] set = Rows.random(6000, d, 1);
        float[] queries = Rows.random(600, d, 2);
        Neighbors want = naive(set, queries, d, 10, Float.NEGATIVE_INFINITY, false);
        Neighbors got = new ExactNeighbors(LocalBlocks.of(new ArrayVectors(set, d)), 10)
                .of(new ArrayVectors(queries, d), Progress.SILENT);
        assertArrayEquals(want.similarity(), got.similarity(), 1e-6f);
        int same = 0;
        for (int i = 0; i < want.index().length; i++) {
            same += want.index()[i] == got.index()[i] ? 1 : 0;
        }
        assertEquals(want.index().length, same, 5); // neighbours nearly as far as each other may change places
    }

    @Test
    void emptySetsAndOtherDimensions() {
        Blocks none = LocalBlocks.of(new ArrayVectors(new float[0], 3));
        Neighbors got = new ExactNeighbors(none, 2).of(new ArrayVectors(new float[6], 3), Progress.SILENT);
        assertArrayEquals(new int[] {-1, -1, -1, -1}, got.index());
        assertEquals(0, new ExactNeighbors(none, 2).graph(Progress.SILENT).queries());
        assertThrows(IllegalArgumentException.class, () -> new ExactNeighbors(none, 2)
                .of(new ArrayVectors(new float[4], 2), Progress.SILENT));
        assertThrows(IllegalArgumentException.class, () -> new ExactNeighbors(none, 0));
    }
}
