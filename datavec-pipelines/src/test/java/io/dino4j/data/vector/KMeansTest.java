package io.dino4j.data.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KMeansTest {
    private static Clustering cluster(float[] rows, int d, KMeansConfig config) throws IOException {
        return new KMeans(config, Progress.SILENT).cluster(LocalBlocks.of(new ArrayVectors(rows, d)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 500})
    void plantedClustersAreFound(int batch) throws IOException {
        float[] rows = Rows.planted(3000, 20, 12, 0.3, 1);
        Clustering c = cluster(rows, 20, KMeansConfig.of(12, 3).withBatch(batch).withIterations(10));
        Map<Integer, Integer> of = new HashMap<>();
        for (int i = 0; i < 3000; i++) {
            of.putIfAbsent(i % 12, c.assignment()[i]);
            assertEquals(of.get(i % 12), c.assignment()[i]);
        }
        assertEquals(12, of.values().stream().distinct().count());
        assertTrue(Arrays.stream(c.counts()).allMatch(n -> n == 250));
    }

    @Test
    void theObjectiveNeverIncreasesAndTheResultFitsItself() throws IOException {
        int d = 16;
        float[] rows = Rows.random(6000, d, 2);
        Clustering c = cluster(rows, d, KMeansConfig.of(40, 5).withSettled(0).withIterations(300));
        for (int i = 1; i < c.objective().length; i++) {
            assertTrue(c.objective()[i] <= c.objective()[i - 1] + 1e-7, Arrays.toString(c.objective()));
        }
        assertTrue(c.settled());
        assertTrue(c.objective().length < 300);
        double distance = 0;
        for (int i = 0; i < 6000; i++) {
            int best = 0;
            for (int k = 1; k < 40; k++) {
                best = Rows.dot(rows, i, c.centroids(), k, d) > Rows.dot(rows, i, c.centroids(), best, d) ? k : best;
            }
            double s = Rows.dot(rows, i, c.centroids(), c.assignment()[i], d);
            assertEquals(Rows.dot(rows, i, c.centroids(), best, d), s, 1e-6);
            assertEquals(s, c.similarity()[i], 1e-6);
            distance += 1 - s;
        }
        assertEquals(distance / 6000, c.objective()[c.objective().length - 1], 1e-6);
        assertEquals(6000, Arrays.stream(c.counts()).sum());
    }

    /** All start at one place: the others are empty at once and take the farthest rows. */
    @Test
    void emptyClustersTakeTheFarthestRows() throws IOException {
        int d = 8;
        float[] rows = Rows.planted(800, d, 4, 0.1, 3);
        float[] same = new float[4 * d];
        for (int k = 0; k < 4; k++) {
            System.arraycopy(rows, 0, same, k * d, d);
        }
        Clustering c = new KMeans(KMeansConfig.of(4, 1), Progress.SILENT)
                .cluster(LocalBlocks.of(new ArrayVectors(rows, d)), same);
        assertTrue(Arrays.stream(c.counts()).allMatch(n -> n > 0), Arrays.toString(c.counts()));
        for (int i = 1; i < c.objective().length; i++) {
            assertTrue(c.objective()[i] <= c.objective()[i - 1] + 1e-7);
        }
    }

    @Test
    void asManyClustersAsRows() throws IOException {
        float[] rows = Rows.random(50, 6, 4);
        Clustering c = cluster(rows, 6, KMeansConfig.of(50, 1));
        assertTrue(Arrays.stream(c.counts()).allMatch(n -> n == 1), Arrays.toString(c.counts()));
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> cluster(rows, 6, KMeansConfig.of(51, 1)));
        assertTrue(e.getMessage().contains("50 vectors cannot make 51"), e.getMessage());
    }

    @Test
    void equalRowsLeaveClustersEmpty() throws IOException {
        float[] rows = new float[100 * 2];
        for (int i = 0; i < 100; i++) {
            rows[2 * i + i % 2] = 1;
        }
        Clustering c = cluster(rows, 2, KMeansConfig.of(5, 1));
        assertEquals(0, c.objective()[c.objective().length - 1], 1e-7);
        assertEquals(3, Arrays.stream(c.counts()).filter(n -> n == 0).count());
    }

    @Test
    void seedsMatterAndRepeat() throws IOException {
        float[] rows = Rows.random(3000, 10, 6);
        KMeansConfig config = KMeansConfig.of(30, 1).withIterations(5);
        Clustering a = cluster(rows, 10, config);
        assertArrayEquals(a.centroids(), cluster(rows, 10, config).centroids());
        assertTrue(!Arrays.equals(
                a.centroids(), cluster(rows, 10, config.withSeed(2)).centroids()));
    }

    /** More clusters than are seeded one by one. */
    @Test
    void manyClustersAreSeededTogether() throws IOException {
        float[] rows = Rows.planted(9000, 12, 2500, 0.05, 7);
        Clustering c = cluster(rows, 12, KMeansConfig.of(2500, 1).withIterations(3));
        long used = Arrays.stream(c.counts()).filter(n -> n > 0).count();
        assertTrue(used > 2400, "clusters with rows: " + used);
    }

    /** Keeps every state, and is killed after some. */
    private static final class Kept implements KMeansCheckpoint {
        private Optional<KMeansState> state = Optional.empty();
        private int saves;
        private final int most;

        Kept(int most) {
            this.most = most;
        }

        @Override
        public Optional<KMeansState> load() {
            return state;
        }

        @Override
        public void save(KMeansState s) throws IOException {
            state = Optional.of(s);
            if (++saves == most) {
                throw new IOException("killed");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 700})
    void aResumedRunEndsInTheSameBits(int batch) throws IOException {
        Blocks rows = LocalBlocks.of(new ArrayVectors(Rows.random(3000, 10, 8), 10));
        KMeansConfig config = KMeansConfig.of(30, 1).withIterations(9).withBatch(batch);
        Clustering undisturbed = new KMeans(config, Progress.SILENT).cluster(rows);
        Kept kept = new Kept(4);
        KMeans killed = new KMeans(config, kept, Progress.SILENT);
        assertThrows(IOException.class, () -> killed.cluster(rows));
        Clustering resumed = killed.cluster(rows);
        assertEquals(4, kept.state.orElseThrow().iteration() - (kept.saves - 4));
        assertArrayEquals(undisturbed.centroids(), resumed.centroids());
        assertArrayEquals(undisturbed.assignment(), resumed.assignment());
        assertArrayEquals(undisturbed.objective(), resumed.objective());
    }
}
