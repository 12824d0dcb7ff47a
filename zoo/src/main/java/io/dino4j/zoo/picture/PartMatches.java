package io.dino4j.zoo.picture;

import io.dino4j.zoo.PatchFeatures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.openblas.global.openblas;

/**
 * The same parts in two images: pairs of foreground patches that are each other's nearest, as in the paper's figure of matched parts
 * (section 7.6). Nearest is by the Euclidean distance of features scaled to unit length, {@code 2 - 2 cos}; foreground is by the first
 * component of a PCA over both images. Where the paper solves an assignment, a pair here must be nearest both ways, which leaves out
 * patches that have no counterpart.
 *
 * @param all every pair, the most similar first
 * @param pca that parted foreground from background
 */
public record PartMatches(List<Match> all, PatchPca pca) {
    /** Queries whose similarities are held at a time. */
    private static final int CHUNK = 512;

    private static final double SHRINK = 0.85;

    /**
     * A patch of one image and its counterpart in the other.
     *
     * @param ay row of patches in the first image
     * @param ax column of patches in the first image
     * @param by row of patches in the second image
     * @param bx column of patches in the second image
     * @param similarity cosine of their features, -1 to 1
     */
    public record Match(int ay, int ax, int by, int bx, double similarity) {}

    /** Keeps a list of its own. */
    public PartMatches {
        all = List.copyOf(all);
    }

    /** Matches the foreground of two images. */
    public static PartMatches between(PatchFeatures a, PatchFeatures b) {
        return between(a, b, PatchPca.of(List.of(a, b)));
    }

    /**
     * Matches the foreground of two images.
     *
     * @param pca what tells foreground from background
     * @throws IllegalArgumentException if the features are of different width
     */
    public static PartMatches between(PatchFeatures a, PatchFeatures b, PatchPca pca) {
        if (a.dimension() != b.dimension()) {
            throw new IllegalArgumentException(
                    "features of %d and of %d numbers cannot be compared".formatted(a.dimension(), b.dimension()));
        }
        int[] rowsA = indices(pca.foreground(a));
        int[] rowsB = indices(pca.foreground(b));
        Nearest nearest = Nearest.of(unit(a, rowsA), unit(b, rowsB), rowsA.length, rowsB.length);
        List<Match> all = new ArrayList<>();
        for (int i = 0; i < rowsA.length; i++) {
            int j = nearest.ofA[i];
            if (j >= 0 && nearest.ofB[j] == i) {
                int p = rowsA[i];
                int q = rowsB[j];
                all.add(new Match(
                        p / a.gridWidth(),
                        p % a.gridWidth(),
                        q / b.gridWidth(),
                        q % b.gridWidth(),
                        nearest.similarity[i]));
            }
        }
        all.sort(Comparator.comparingDouble(Match::similarity).reversed());
        return new PartMatches(all, pca);
    }

    /**
     * The most similar pairs that are spread over the object, by non-maximum suppression: a pair near a better one, in either image, gives
     * way. Near is a distance at which as many pairs as are wanted would cover a quarter of the object; it shrinks until enough are left.
     *
     * @param count how many are wanted, positive; fewer if there are fewer pairs
     * @return the most similar first
     */
    public List<Match> spread(int count) {
        if (count <= 0) {
            throw new IllegalArgumentException("expected a positive number of matches, got " + count);
        }
        double radius = Math.max(1, extent() / (2 * Math.sqrt(count)));
        List<Match> kept = suppress(radius, count);
        while (kept.size() < Math.min(count, all.size()) && radius > 0.5) {
            radius *= SHRINK;
            kept = suppress(radius, count);
        }
        return kept;
    }

    /** Longest side of the region in either image that has pairs, in patches. */
    private double extent() {
        double extent = 0;
        for (Match first : all.isEmpty() ? all : all.subList(0, 1)) {
            for (Match m : all) {
                extent = Math.max(extent, Math.max(distanceA(first, m), distanceB(first, m)));
            }
        }
        return extent;
    }

    private List<Match> suppress(double radius, int count) {
        List<Match> kept = new ArrayList<>();
        for (Match m : all) {
            if (kept.size() == count) {
                break;
            }
            if (kept.stream().allMatch(k -> distanceA(k, m) >= radius && distanceB(k, m) >= radius)) {
                kept.add(m);
            }
        }
        return kept;
    }

    private static double distanceA(Match m, Match n) {
        return Math.hypot(m.ay - n.ay, m.ax - n.ax);
    }

    private static double distanceB(Match m, Match n) {
        return Math.hypot(m.by - n.by, m.bx - n.bx);
    }

    private static int[] indices(boolean[] mask) {
        return IntStream.range(0, mask.length).filter(i -> mask[i]).toArray();
    }

    /** Rows of unit length, {@code [rows, D]}; a row of zeros stays one. */
    private static float[] unit(PatchFeatures f, int[] rows) {
        int d = f.dimension();
        float[] unit = new float[Math.multiplyExact(rows.length, d)];
        for (int i = 0; i < rows.length; i++) {
            double squares = 0;
            for (int j = 0; j < d; j++) {
                double v = f.patches()[rows[i] * d + j];
                squares += v * v;
            }
            double scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
            for (int j = 0; j < d; j++) {
                unit[i * d + j] = (float) (f.patches()[rows[i] * d + j] * scale);
            }
        }
        return unit;
    }

    /**
     * The nearest row both ways; of equals the first.
     *
     * @param ofA for each row of a, the nearest of b; -1 if there is none
     * @param ofB for each row of b, the nearest of a
     * @param similarity for each row of a, to its nearest
     */
    private record Nearest(int[] ofA, int[] ofB, float[] similarity) {
        static Nearest of(float[] a, float[] b, int rowsA, int rowsB) {
            Nearest nearest = new Nearest(new int[rowsA], new int[rowsB], new float[rowsA]);
            Arrays.fill(nearest.ofA, -1);
            if (rowsA == 0 || rowsB == 0) {
                return nearest;
            }
            float[] best = new float[rowsB];
            Arrays.fill(best, Float.NEGATIVE_INFINITY);
            int d = a.length / rowsA;
            for (int from = 0; from < rowsA; from += CHUNK) {
                int n = Math.min(CHUNK, rowsA - from);
                float[] chunk = Arrays.copyOfRange(a, from * d, (from + n) * d);
                float[] cosines = new float[Math.multiplyExact(n, rowsB)];
                openblas.cblas_sgemm(
                        openblas.CblasRowMajor,
                        openblas.CblasNoTrans,
                        openblas.CblasTrans,
                        n,
                        rowsB,
                        d,
                        1,
                        chunk,
                        d,
                        b,
                        d,
                        0,
                        cosines,
                        rowsB);
                for (int i = 0; i < n; i++) {
                    nearest.look(cosines, i * rowsB, from + i, best);
                }
            }
            return nearest;
        }

        private void look(float[] cosines, int at, int row, float[] best) {
            float most = Float.NEGATIVE_INFINITY;
            for (int j = 0; j < best.length; j++) {
                float c = cosines[at + j];
                if (c > most) {
                    most = c;
                    ofA[row] = j;
                }
                if (c > best[j]) {
                    best[j] = c;
                    ofB[j] = row;
                }
            }
            similarity[row] = most;
        }
    }
}
