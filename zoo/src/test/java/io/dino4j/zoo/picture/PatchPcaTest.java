package io.dino4j.zoo.picture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.image.Image;
import io.dino4j.zoo.PatchFeatures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The object and its parts come back from features that were made of them. */
final class PatchPcaTest {
    private static final int SHIFTS = 3;

    private static List<PatchFeatures> objects(double tint, double scale) {
        return IntStream.range(0, SHIFTS)
                .mapToObj(i -> Grids.object(i, tint * i, scale, i))
                .toList();
    }

    private static boolean[] truth(int shift) {
        boolean[] mask = new boolean[Grids.HEIGHT * Grids.WIDTH];
        for (int p = 0; p < mask.length; p++) {
            mask[p] = Grids.part(p / Grids.WIDTH, p % Grids.WIDTH, shift) >= 0;
        }
        return mask;
    }

    @ParameterizedTest
    @CsvSource({"ALL, 1", "ALL, -1", "EACH, 1", "EACH, -1", "EACH, 100"})
    void theObjectIsForegroundWhateverTheSign(Parting parting, double scale) {
        List<PatchFeatures> images = objects(0, scale);
        PatchPca pca = PatchPca.fit(images, images, parting, 0);
        assertTrue(pca.hasForeground());
        for (int i = 0; i < SHIFTS; i++) {
            assertArrayEquals(truth(i), pca.foreground(images.get(i)), "image " + i);
        }
    }

    @Test
    void whatImagesAreAsWholesMattersOnlyBetweenAll() {
        List<PatchFeatures> images = objects(20, 1);
        PatchPca each = PatchPca.fit(images, images, Parting.EACH, 0);
        PatchPca all = PatchPca.fit(images, images, Parting.ALL, 0);
        for (int i = 0; i < SHIFTS; i++) {
            assertArrayEquals(truth(i), each.foreground(images.get(i)), "image " + i);
        }
        boolean[] first = all.foreground(images.get(0));
        boolean allSame = IntStream.range(0, first.length).allMatch(p -> first[p] == first[0]);
        assertTrue(allSame, "the first component is that between images");
    }

    @Test
    void partsHaveColoursOfTheirOwnTheSameInAllImages() {
        List<PatchFeatures> images = objects(0, 1);
        PatchPca pca = PatchPca.of(images);
        int[][] first = new int[4][];
        for (int i = 0; i < SHIFTS; i++) {
            Image colors = pca.colors(images.get(i));
            for (int y = 0; y < Grids.HEIGHT; y++) {
                for (int x = 0; x < Grids.WIDTH; x++) {
                    int part = Grids.part(y, x, i);
                    int[] rgb = {colors.at(x, y, 0), colors.at(x, y, 1), colors.at(x, y, 2)};
                    if (part >= 0 && first[part] == null) {
                        first[part] = rgb;
                    } else if (part >= 0) {
                        assertTrue(distance(first[part], rgb) < 40, () -> "part " + part);
                    }
                }
            }
        }
        for (int a = 0; a < 4; a++) {
            for (int b = 0; b < a; b++) {
                assertTrue(distance(first[a], first[b]) > 100, "parts " + a + " and " + b);
            }
        }
    }

    private static double distance(int[] a, int[] b) {
        return Math.sqrt(IntStream.range(0, 3)
                .mapToDouble(c -> (double) (a[c] - b[c]) * (a[c] - b[c]))
                .sum());
    }

    @ParameterizedTest
    @EnumSource(Parting.class)
    void imagesThatComeOneByOneGiveTheSame(Parting parting) {
        List<PatchFeatures> images = objects(1, 1);
        PatchPca list = PatchPca.fit(images, images, parting, 0.1);
        List<Integer> passes = new ArrayList<>();
        Iterable<PatchFeatures> stream = () -> {
            passes.add(1);
            return IntStream.range(0, SHIFTS)
                    .mapToObj(i -> Grids.object(i, i, 1, i))
                    .iterator();
        };
        PatchPca streamed = PatchPca.fit(stream, images, parting, 0.1);
        assertEquals(parting == Parting.NONE ? 1 : 2, passes.size(), "each pass may run a network");
        images.forEach(f -> assertEquals(list.colors(f), streamed.colors(f)));
        assertArrayEquals(list.explainedByColors(), streamed.explainedByColors());
    }

    @Test
    void axesAreThoseOfTheCovariance() {
        int d = 60;
        PatchFeatures f = Grids.noise(40, 50, d, 1e4, 5); // a mean that takes half of a float's digits
        Covariance covariance = Covariance.near(f);
        covariance.add(f);
        PrincipalAxes axes = covariance.leading(3);
        double[][] expected = covariance(f);
        double trace = IntStream.range(0, d).mapToDouble(j -> expected[j][j]).sum();
        assertEquals(trace, axes.totalVariance(), 1e-9 * trace);
        for (int c = 0; c < 3; c++) {
            double[] axis = axes.axes()[c];
            double lambda = axes.variances()[c];
            for (int i = 0; i < d; i++) {
                double product = 0;
                for (int j = 0; j < d; j++) {
                    product += expected[i][j] * axis[j];
                }
                assertEquals(lambda * axis[i], product, 1e-8 * trace, "axis " + c);
            }
            assertEquals(1, Arrays.stream(axis).map(a -> a * a).sum(), 1e-12);
            assertTrue(c == 0 || lambda <= axes.variances()[c - 1]);
            double largest = Arrays.stream(axis).reduce(0, (a, b) -> Math.abs(b) > Math.abs(a) ? b : a);
            assertTrue(largest > 0, "the sign is fixed");
        }
    }

    private static double[][] covariance(PatchFeatures f) {
        int d = f.dimension();
        int n = f.numPatches();
        double[] mean = Covariance.mean(f);
        double[][] covariance = new double[d][d];
        for (int p = 0; p < n; p++) {
            for (int i = 0; i < d; i++) {
                for (int j = 0; j < d; j++) {
                    covariance[i][j] +=
                            (f.patches()[p * d + i] - mean[i]) * (f.patches()[p * d + j] - mean[j]) / (double) n;
                }
            }
        }
        return covariance;
    }

    @Test
    void axesOfVariancesAlongTheCoordinatesAreThese() {
        float[] patches = {0, 3, 0, 0, 0, -3, 0, 0, 0, 0, 2, 0, 0, 0, -2, 0, 1, 0, 0, 0, -1, 0, 0, 0};
        PatchFeatures f = new PatchFeatures(2, 3, 4, new float[4], patches);
        Covariance covariance = Covariance.near(f);
        covariance.add(f);
        PrincipalAxes axes = covariance.leading(3);
        assertArrayEquals(new double[] {0, 1, 0, 0}, axes.axes()[0], 1e-12);
        assertArrayEquals(new double[] {0, 0, 1, 0}, axes.axes()[1], 1e-12);
        assertArrayEquals(new double[] {1, 0, 0, 0}, axes.axes()[2], 1e-12);
        assertArrayEquals(new double[] {3, 4.0 / 3, 1.0 / 3}, axes.variances(), 1e-12);
    }

    @ParameterizedTest
    @EnumSource(Parting.class)
    void plainImagesAreGreyAndSaySo(Parting parting) {
        float[] patches = new float[4 * 5 * 6];
        Arrays.fill(patches, 2.5f);
        List<PatchFeatures> plain = List.of(new PatchFeatures(4, 5, 6, new float[6], patches));
        PatchPca pca = PatchPca.fit(plain, plain, parting, 0);
        assertFalse(pca.hasForeground());
        assertEquals(parting != Parting.NONE, pca.fallback().isPresent());
        for (byte b : pca.colors(plain.get(0)).rgb()) {
            assertEquals(128, b & 255);
        }
    }

    @Test
    void aThresholdThatLeavesNothingFallsBackAndSaysSo() {
        List<PatchFeatures> images = objects(0, 1);
        PatchPca pca = PatchPca.fit(images, images, Parting.ALL, 9);
        assertFalse(pca.hasForeground());
        assertTrue(pca.fallback().orElseThrow().contains("9.0"));
        assertEquals(PatchPca.ofAllPatches(images).colors(images.get(0)), pca.colors(images.get(0)));
    }

    @Test
    void narrowFeaturesHaveFewerAxesThanColours() {
        List<PatchFeatures> narrow = List.of(new PatchFeatures(1, 3, 2, new float[2], new float[] {0, 0, 1, 0, 2, 0}));
        Image colors = PatchPca.ofAllPatches(narrow).colors(narrow.get(0));
        assertEquals(255, colors.at(2, 0, 0));
        assertEquals(128, colors.at(2, 0, 2));
    }

    @Test
    void featuresThatCannotBeComparedAreRefused() {
        PatchFeatures a = Grids.noise(2, 2, 8, 0, 1);
        PatchFeatures b = Grids.noise(2, 2, 9, 0, 1);
        assertThrows(IllegalArgumentException.class, () -> PatchPca.of(List.of(a, b)));
        assertThrows(IllegalArgumentException.class, () -> PatchPca.of(List.of()));
        float[] broken = a.patches().clone();
        broken[5] = Float.NaN;
        PatchFeatures nan = new PatchFeatures(2, 2, 8, a.cls(), broken);
        assertThrows(IllegalArgumentException.class, () -> PatchPca.of(List.of(nan)));
    }

    @Test
    void sizesThatDoNotFitAreNamed() {
        assertThrows(IllegalArgumentException.class, () -> new PatchFeatures(2, 2, 3, new float[3], new float[11]));
        assertThrows(IllegalArgumentException.class, () -> new PatchFeatures(2, 2, 3, new float[2], new float[12]));
        assertThrows(IllegalArgumentException.class, () -> new PatchFeatures(0, 2, 3, new float[3], new float[0]));
        PatchFeatures f = Grids.noise(2, 3, 4, 0, 1);
        assertArrayEquals(Arrays.copyOfRange(f.patches(), 20, 24), f.patch(1, 2));
        assertThrows(IllegalArgumentException.class, () -> f.patch(2, 0));
    }
}
