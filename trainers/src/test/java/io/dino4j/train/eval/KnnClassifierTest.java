package io.dino4j.train.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class KnnClassifierTest {
    /** More rows than one block of either side, with every row twice so that ties must go to the first. */
    @Test
    void blocksFindWhatASortFinds() {
        float[][] train = new float[34_000][];
        float[][] half = random(17_000, 5, 1);
        for (int i = 0; i < train.length; i++) {
            train[i] = half[i % 17_000];
        }
        float[][] test = random(520, 5, 2);
        KnnClassifier.Neighbours near = new KnnClassifier(Nd4j.createFromArray(train), new int[34_000], 1)
                .neighbours(Nd4j.createFromArray(test), 6);
        for (int row : new int[] {0, 511, 512, 519}) {
            float[] query = test[row];
            int[] want = IntStream.range(0, 17_000)
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer i) -> -cosine(half[i], query)))
                    .limit(3)
                    .flatMap(i -> Stream.of(i, i + 17_000))
                    .mapToInt(Integer::intValue)
                    .toArray();
            assertArrayEquals(want, near.indices()[row]);
        }
    }

    @Test
    void fewerSamplesThanNeighboursIsAllOfThem() {
        INDArray train = Nd4j.createFromArray(new float[][] {{1, 0}, {0, 1}});
        KnnClassifier knn = new KnnClassifier(train, new int[] {0, 1}, 2);
        assertEquals(1.0, knn.accuracy(train, new int[] {0, 1}, 20).get(20));
    }

    @Test
    void pixelsAreComparedWithoutTheirMean() {
        INDArray train = Nd4j.createFromArray(new float[][] {{101, 100}, {99, 100}});
        INDArray test = Nd4j.createFromArray(new float[][] {{108, 100}, {90, 100}});
        assertEquals(
                1.0,
                PixelBaseline.accuracy(train, new int[] {0, 1}, test, new int[] {0, 1}, 2, 1)
                        .get(1));
    }

    @Test
    void faultsAreNamed() {
        INDArray x = Nd4j.create(2, 3);
        assertThrows(IllegalArgumentException.class, () -> new KnnClassifier(x, new int[1], 1));
        assertThrows(IllegalArgumentException.class, () -> new KnnClassifier(x, new int[] {0, 2}, 2));
        KnnClassifier knn = new KnnClassifier(x, new int[2], 1);
        assertThrows(IllegalArgumentException.class, () -> knn.neighbours(Nd4j.create(2, 4), 1));
        assertThrows(IllegalArgumentException.class, () -> knn.classify(x));
    }

    private static float[][] random(int rows, int columns, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[][] x = new float[rows][columns];
        for (float[] row : x) {
            for (int j = 0; j < columns; j++) {
                row[j] = (float) (random.nextDouble() - 0.5);
            }
        }
        return x;
    }

    private static double cosine(float[] a, float[] b) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return dot / Math.sqrt(aa * bb);
    }
}
