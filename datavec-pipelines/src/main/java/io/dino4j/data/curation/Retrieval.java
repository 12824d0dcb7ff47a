package io.dino4j.data.curation;

import io.dino4j.data.Seed;
import io.dino4j.data.crop.Permutation;
import io.dino4j.data.vector.Neighbors;
import java.util.Arrays;

/**
 * Images of a pool that are like curated ones, in the two ways of the paper (section 3 and appendix A): for large curated sets the nearest of each
 * image, for small ones images of the clusters that theirs fall into. No image is taken twice.
 *
 * @param rows positions in the pool, ascending
 * @param because for each of them what it was taken for: the position of the curated image, or the cluster
 * @param similarity for each of them, to the curated image, or to the centre of the cluster
 */
public record Retrieval(int[] rows, int[] because, float[] similarity) {

    /** Returns the number of images taken. */
    public int size() {
        return rows.length;
    }

    /**
     * The nearest of each curated image. An image of the pool that is near to several is given to the one it is nearest to, and the others go on to
     * their next nearest, as far as their lists go: pairs are taken in the order of their similarity as long as the image is free and the curated
     * image wants more.
     *
     * @param near lists of candidates for Q curated images, longer than {@code perImage} to make up for images that others have taken
     * @param pool number of images in the pool
     * @param perImage most images for each curated one, 1 or more
     * @param least similarity below which nothing is taken
     * @param most images in all
     */
    public static Retrieval perImage(Neighbors near, int pool, int perImage, float least, int most) {
        long[] pairs = bySimilarity(near, least);
        int[] query = new int[pool];
        float[] similarity = new float[pool];
        Arrays.fill(query, -1);
        int[] wanted = new int[near.queries()];
        Arrays.fill(wanted, perImage);
        int taken = 0;
        for (int p = 0; p < pairs.length && taken < most; p++) {
            int at = (int) pairs[p];
            int image = near.index()[at];
            int q = at / near.k();
            if (query[image] < 0 && wanted[q] > 0) {
                query[image] = q;
                similarity[image] = near.similarity()[at];
                wanted[q]--;
                taken++;
            }
        }
        return of(query, similarity, taken);
    }

    /** Positions in the lists, most similar pairs first, of equal ones that of the lower position. */
    private static long[] bySimilarity(Neighbors near, float least) {
        long[] keys = new long[near.index().length];
        int n = 0;
        for (int at = 0; at < keys.length; at++) {
            float s = near.similarity()[at];
            if (near.index()[at] >= 0 && s >= least) {
                int bits = Float.floatToIntBits(s + 0f); // + 0 makes -0 into 0
                int ordered = bits < 0 ? ~bits : bits | Integer.MIN_VALUE; // unsigned order is that of the floats
                keys[n++] = (long) ~ordered << 32 ^ Long.MIN_VALUE | at;
            }
        }
        long[] used = Arrays.copyOf(keys, n);
        Arrays.sort(used);
        return used;
    }

    /**
     * Images of the clusters that curated images fall into, drawn at random.
     *
     * @param curated cluster of each of Q curated images
     * @param pool cluster of each image of the pool
     * @param similarity of each image of the pool to the centre of its cluster
     * @param clusters number of clusters
     * @param perCluster most images of a cluster, 1 or more
     * @param leastQueries curated images that a cluster must hold to count, 1 or more; the paper asks for more than 3
     * @param most images in all: if there are more, every cluster gives an equal number, as far as it has them
     * @param seed equal seeds draw equal images
     */
    public static Retrieval perCluster(
            int[] curated,
            int[] pool,
            float[] similarity,
            int clusters,
            int perCluster,
            int leastQueries,
            int most,
            Seed seed) {
        int[] queries = histogram(curated, clusters);
        int[][] members = members(pool, clusters, queries, leastQueries);
        int each = cut(members, perCluster, most);
        int[] because = new int[pool.length];
        Arrays.fill(because, -1);
        int taken = 0;
        for (int c = 0; c < clusters; c++) {
            int[] order = Permutation.draw(members[c].length, seed.at(c, 0));
            for (int i = 0; i < Math.min(each, order.length); i++) {
                because[members[c][order[i]]] = c;
                taken++;
            }
        }
        return of(because, similarity, taken);
    }

    private static int[][] members(int[] pool, int clusters, int[] queries, int leastQueries) {
        int[] sizes = histogram(pool, clusters);
        int[][] members = new int[clusters][];
        for (int c = 0; c < clusters; c++) {
            members[c] = new int[queries[c] >= leastQueries ? sizes[c] : 0];
        }
        int[] filled = new int[clusters];
        for (int i = 0; i < pool.length; i++) {
            int c = pool[i];
            if (members[c].length > 0) {
                members[c][filled[c]++] = i;
            }
        }
        return members;
    }

    /** The largest number, up to {@code perCluster}, that if taken of every cluster gives no more than {@code most} in all. */
    private static int cut(int[][] members, int perCluster, int most) {
        int low = 0;
        int high = perCluster;
        while (low < high) {
            int middle = low + (high - low + 1) / 2;
            long total = 0;
            for (int[] m : members) {
                total += Math.min(m.length, middle);
            }
            if (total <= most) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /**
     * Sizes of clusters.
     *
     * @param assignment cluster of each image
     * @param clusters number of clusters
     */
    public static int[] histogram(int[] assignment, int clusters) {
        int[] sizes = new int[clusters];
        for (int c : assignment) {
            sizes[c]++;
        }
        return sizes;
    }

    private static Retrieval of(int[] because, float[] similarity, int taken) {
        int[] rows = new int[taken];
        int[] reasons = new int[taken];
        float[] similarities = new float[taken];
        int n = 0;
        for (int i = 0; i < because.length; i++) {
            if (because[i] >= 0) {
                rows[n] = i;
                reasons[n] = because[i];
                similarities[n++] = similarity[i];
            }
        }
        return new Retrieval(rows, reasons, similarities);
    }
}
