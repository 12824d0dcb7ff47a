package io.dino4j.train.eval.dense;

/**
 * How well a mask of one object agrees with the truth: region similarity J and contour accuracy F (Perazzi et al. 2016, section 5; official
 * {@code davis2017}).
 */
final class MaskAgreement {
    /** How far contours may be apart, as a share of the diagonal. */
    private static final double TOLERANCE = 0.008;

    private MaskAgreement() {}

    /** Intersection over union; 1 if there is nothing in either, as the official evaluation counts it. */
    static double region(boolean[] truth, boolean[] predicted) {
        long both = 0;
        long either = 0;
        for (int p = 0; p < truth.length; p++) {
            both += truth[p] && predicted[p] ? 1 : 0;
            either += truth[p] || predicted[p] ? 1 : 0;
        }
        return either == 0 ? 1 : (double) both / either;
    }

    /** The harmonic mean of precision and recall of contour pixels, matched within 0.8% of the diagonal. */
    static double contour(boolean[] truth, boolean[] predicted, int width) {
        int height = truth.length / width;
        int radius = (int) Math.ceil(TOLERANCE * Math.hypot(width, height));
        boolean[] wanted = edges(truth, width);
        boolean[] found = edges(predicted, width);
        long ofWanted = count(wanted);
        long ofFound = count(found);
        if (ofWanted == 0 || ofFound == 0) {
            return ofWanted == ofFound ? 1 : 0;
        }
        double precision = (double) near(found, wanted, width, radius) / ofFound;
        double recall = (double) near(wanted, found, width, radius) / ofWanted;
        return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
    }

    /** Pixels that differ from the one to the right, below, or both ways. */
    static boolean[] edges(boolean[] mask, int width) {
        int height = mask.length / width;
        boolean[] edges = new boolean[mask.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int right = Math.min(x + 1, width - 1);
                int below = Math.min(y + 1, height - 1);
                boolean own = mask[y * width + x];
                edges[y * width + x] = own != mask[y * width + right]
                        || own != mask[below * width + x]
                        || own != mask[below * width + right];
            }
        }
        return edges;
    }

    private static long count(boolean[] mask) {
        long n = 0;
        for (boolean m : mask) {
            n += m ? 1 : 0;
        }
        return n;
    }

    /** Pixels of one that have one of the other within a disc. */
    private static long near(boolean[] of, boolean[] other, int width, int radius) {
        int height = of.length / width;
        long n = 0;
        for (int p = 0; p < of.length; p++) {
            n += of[p] && near(p % width, p / width, other, width, height, radius) ? 1 : 0;
        }
        return n;
    }

    private static boolean near(int x, int y, boolean[] other, int width, int height, int radius) {
        for (int dy = Math.max(-radius, -y); dy <= Math.min(radius, height - 1 - y); dy++) {
            for (int dx = Math.max(-radius, -x); dx <= Math.min(radius, width - 1 - x); dx++) {
                if (dx * dx + dy * dy <= radius * radius && other[(y + dy) * width + x + dx]) {
                    return true;
                }
            }
        }
        return false;
    }
}
