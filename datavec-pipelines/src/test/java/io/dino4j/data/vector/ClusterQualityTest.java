package io.dino4j.data.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** Against values worked out by hand. */
final class ClusterQualityTest {
    @Test
    void sizes() {
        assertEquals(0, ClusterQuality.gini(new int[] {5, 5, 5}), 1e-12);
        assertEquals(0.75, ClusterQuality.gini(new int[] {0, 0, 0, 8}), 1e-12);
        // pairs of 1, 3: mean difference (0 + 2 + 2 + 0) / 4 = 1, half of it over the mean 2
        assertEquals(0.25, ClusterQuality.gini(new int[] {3, 1}), 1e-12);
        assertEquals(1, ClusterQuality.entropy(new int[] {4, 4, 4, 4}), 1e-12);
        assertEquals(0.5, ClusterQuality.entropy(new int[] {2, 2, 0, 0}), 1e-12);
        assertEquals(1, ClusterQuality.entropy(new int[] {7}), 1e-12);
        assertArrayEquals(new int[] {2, 1, 0, 1}, ClusterQuality.histogram(new int[] {1, 0, 1, 3, 8}));
        assertArrayEquals(new int[0], ClusterQuality.histogram(new int[] {0}));
    }

    @Test
    void silhouetteOfFourDirections() {
        // two pairs: along x and at 60 degrees to it; along -x and along -y
        float h = (float) (Math.sqrt(3) / 2);
        float[] rows = {1, 0, 0.5f, h, -1, 0, 0, -1};
        int[] cluster = {0, 0, 1, 1};
        // cosines: (0,1) 0.5, (2,3) 0, (0,2) -1, (0,3) 0, (1,2) -0.5, (1,3) -h
        double s0 = (1.5 - 0.5) / 1.5; // a = 0.5, b = (2 + 1) / 2
        double s1 = (((1.5 + 1 + h) / 2) - 0.5) / ((1.5 + 1 + h) / 2);
        double s2 = (1.75 - 1) / 1.75; // a = 1, b = (2 + 1.5) / 2
        double s3 = (((1 + 1 + h) / 2) - 1) / ((1 + 1 + h) / 2);
        assertEquals((s0 + s1 + s2 + s3) / 4, Silhouette.mean(rows, 2, cluster, 2), 1e-6);
        Clustering c = new Clustering(
                2, new float[4], cluster, new float[] {1, 0.5f, 0.25f, 0.25f}, new int[] {2, 2}, new double[0], true);
        ClusterQuality q = ClusterQuality.of(c, LocalBlocks.of(new ArrayVectors(rows, 2)), 100, 1);
        assertEquals((s0 + s1 + s2 + s3) / 4, q.silhouette(), 1e-6);
        assertEquals(0.5, q.meanSimilarity(), 1e-12);
        assertEquals(0, Silhouette.mean(rows, 2, new int[] {0, 1, 2, 3}, 4), 0); // each alone
        assertEquals(0, Silhouette.mean(rows, 2, new int[4], 1), 0); // no other
    }

    @Test
    void labels() {
        LabelAgreement exact = LabelAgreement.of(new int[] {2, 2, 0, 0}, new int[] {0, 0, 1, 1});
        assertEquals(1, exact.purity(), 1e-12);
        assertEquals(1, exact.nmi(), 1e-12);
        LabelAgreement none = LabelAgreement.of(new int[] {0, 1, 0, 1}, new int[] {0, 0, 1, 1});
        assertEquals(0.5, none.purity(), 1e-12);
        assertEquals(0, none.nmi(), 1e-12);
        // clusters {a a b} {b}: H(cluster) = H(3/4), H(label) = ln 2, H(joint) = -(1/2 ln 1/2 + 2 * 1/4 ln 1/4) = 1.5
        // ln 2
        LabelAgreement some = LabelAgreement.of(new int[] {0, 0, 0, 1}, new int[] {0, 0, 1, 1});
        double h = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
        assertEquals(0.75, some.purity(), 1e-12);
        assertEquals(2 * (h + Math.log(2) - 1.5 * Math.log(2)) / (h + Math.log(2)), some.nmi(), 1e-12);
        assertEquals(1, LabelAgreement.of(new int[2], new int[2]).nmi(), 1e-12);
        assertThrows(IllegalArgumentException.class, () -> LabelAgreement.of(new int[1], new int[2]));
    }
}
