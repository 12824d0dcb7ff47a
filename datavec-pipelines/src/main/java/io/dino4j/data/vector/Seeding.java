package io.dino4j.data.vector;

import io.dino4j.data.Seed;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.FloatPointer;

/**
 * First centroids: k-means++ on a sample of the rows. Up to {@link #GREEDY} clusters, each is the best of {@code 2 + ln K} rows drawn with
 * a probability proportional to the squared distance to the centroids so far; beyond, rows are drawn for many centroids at once, as
 * k-means|| does, so that the work is a product of large matrices.
 *
 * @see <a href="https://dl.acm.org/doi/10.5555/1283383.1283494">Arthur and Vassilvitskii, 2007</a> and
 *     <a href="https://arxiv.org/abs/1203.6402">Bahmani and others, 2012</a>
 */
final class Seeding {
    static final int GREEDY = 2000;

    private static final int ROWS_PER_CLUSTER = 20;
    private static final int LEAST_ROWS = 10_000;
    private static final float FIXED = 0x1p30f;

    private final Blocks rows;
    private final int size;
    private final float[] distance; // of each row to the nearest centroid so far, 1 - similarity
    private final long[] upTo; // running sums of them, times 2^30

    private Seeding(Blocks rows) {
        this.rows = rows;
        this.size = rows.size();
        this.distance = new float[size];
        this.upTo = new long[size];
        Arrays.fill(distance, 1);
        accumulate();
    }

    /** {@code [K, D]} rows of the set, different ones while there are. */
    static float[] centroids(Blocks set, KMeansConfig config) {
        Seed seed = new Seed(config.seed()).derive("k-means seeding");
        int d = set.dimension();
        long wanted = Math.max(LEAST_ROWS, (long) ROWS_PER_CLUSTER * config.clusters());
        long most = Integer.MAX_VALUE / 8 / d; // of one Java array, and 1 GB
        int count = (int) Math.max(config.clusters(), Math.min(wanted, most));
        float[] sample = RowsTask.fetch(set, Sample.of(set.size(), count, seed.at(0, 0)));
        try (NativeVectors rows = new NativeVectors(sample, d)) {
            return new Seeding(LocalBlocks.of(rows)).choose(seed, config.clusters(), sample);
        }
    }

    private float[] choose(Seed seed, int clusters, float[] sample) {
        int d = rows.dimension();
        boolean greedy = clusters <= GREEDY;
        int atOnce = (clusters + GREEDY - 1) / GREEDY;
        int trials = 2 + (int) Math.log(clusters);
        float[] centroids = new float[Math.multiplyExact(clusters, d)];
        for (int done = 0; done < clusters; ) {
            RandomGenerator random = seed.at(1, done);
            int[] drawn = draw(random, greedy ? trials : Math.min(atOnce, clusters - done));
            if (greedy && drawn.length > 1) {
                drawn = new int[] {best(drawn, candidates(sample, drawn))};
            }
            float[] added = candidates(sample, drawn);
            rows.reduce(new Near(added, drawn.length, distance, true));
            System.arraycopy(added, 0, centroids, done * d, added.length);
            accumulate();
            done += drawn.length;
        }
        return centroids;
    }

    /** The one that leaves the least distance in all, of equals the first. */
    private int best(int[] drawn, float[] candidates) {
        long[] left = rows.reduce(new Near(candidates, drawn.length, distance, false));
        int best = 0;
        for (int c = 1; c < left.length; c++) {
            best = left[c] < left[best] ? c : best;
        }
        return drawn[best];
    }

    private float[] candidates(float[] sample, int[] drawn) {
        int d = rows.dimension();
        float[] candidates = new float[drawn.length * d];
        for (int i = 0; i < drawn.length; i++) {
            System.arraycopy(sample, drawn[i] * d, candidates, i * d, d);
        }
        return candidates;
    }

    private void accumulate() {
        long total = 0;
        for (int i = 0; i < size; i++) {
            total += (long) (Math.max(0, distance[i]) * FIXED);
            upTo[i] = total;
        }
    }

    /** Different rows drawn in proportion to their distances, one at least; by chance alone when all rows lie at centroids. */
    private int[] draw(RandomGenerator random, int count) {
        long total = upTo[size - 1];
        Set<Integer> drawn = new LinkedHashSet<>();
        for (int tries = 0; drawn.size() < count && tries < 2 * count; tries++) {
            if (total == 0) {
                drawn.add(random.nextInt(size));
            } else {
                int at = Arrays.binarySearch(upTo, random.nextLong(total) + 1);
                drawn.add(first(at >= 0 ? at : -at - 1));
            }
        }
        return drawn.stream().mapToInt(i -> i).toArray();
    }

    /** The first of the rows that share a running sum: the others have no distance. */
    private int first(int at) {
        int i = at;
        while (i > 0 && upTo[i - 1] == upTo[at]) {
            i--;
        }
        return i;
    }

    /** Distances to candidates: what each would leave in all, times 2^30; or the nearest is taken over. Shares memory, so local only. */
    private record Near(float[] candidates, int count, float[] distance, boolean take) implements BlockTask<long[]> {
        @Override
        public long[] zero() {
            return new long[take ? 0 : count];
        }

        @Override
        public void add(Block block, long[] left) {
            int n = count;
            BlockMemory memory = block.memory();
            FloatPointer product = memory.scratch("product", (long) block.count() * n);
            memory.product(block.rows(), block.count(), memory.constant(candidates), n, block.dimension(), product);
            float[] similarity = new float[block.count() * n];
            product.get(similarity);
            for (int i = 0; i < block.count(); i++) {
                float nearest = distance[block.first() + i];
                for (int c = 0; c < n; c++) {
                    float d = Math.min(nearest, 1 - similarity[i * n + c]);
                    if (take) {
                        nearest = d;
                    } else {
                        left[c] += (long) (Math.max(0, d) * FIXED);
                    }
                }
                if (take) {
                    distance[block.first() + i] = nearest;
                }
            }
        }

        @Override
        public long[] merge(long[] left, long[] right) {
            for (int i = 0; i < left.length; i++) {
                left[i] += right[i];
            }
            return left;
        }
    }
}
