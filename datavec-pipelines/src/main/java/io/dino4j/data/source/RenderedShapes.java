package io.dino4j.data.source;

import io.dino4j.data.Seed;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.Reduction;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * A built-in set of drawn pictures: ten kinds of repeated pattern. A kind has its figure and its pair of opposite hues; each
 * picture has its own position, angle, period, grey levels, lighting and noise, and which hue is the figure's. Comparing
 * pixels hardly tells the kinds apart, because position and tone differ more within a kind than between kinds; a network
 * that has learned what stays the same between two crops does. Patterns repeat so that a small crop still shows the kind.
 *
 * <p>Everything follows from the seed; the pictures are drawn at construction and held in memory.
 */
public final class RenderedShapes implements ImageSource {
    /** Side of the pictures of {@link #train} and {@link #test}, in pixels. */
    public static final int SIZE = 48;

    /** Largest angle either way, in radians. */
    private static final double TILT = 0.5;

    /** Largest deviation of the hues of a picture from those of its kind, in radians. */
    private static final double HUE = 0.08;

    /**
     * Largest change of tone from the middle to an edge; strong enough to outweigh the pattern in a pixel comparison.
     */
    private static final double LIGHT = 0.3;

    private static final List<String> CLASSES =
            Arrays.stream(Pattern.values()).map(Pattern::label).toList();

    private final String split;
    private final List<Image> images;

    private RenderedShapes(String split, List<Image> images) {
        this.split = split;
        this.images = images;
    }

    /**
     * The training set.
     *
     * @param seed equal seeds draw equal pictures
     * @return 2,000 pictures, 200 of each kind
     */
    public static RenderedShapes train(long seed) {
        return draw("train", 2000, SIZE, seed);
    }

    /**
     * The held-out set; it shares no picture with {@link #train}.
     *
     * @param seed equal seeds draw equal pictures
     * @return 500 pictures, 50 of each kind
     */
    public static RenderedShapes test(long seed) {
        return draw("test", 500, SIZE, seed);
    }

    /**
     * Draws a set. Picture i is of kind {@code i mod 10}.
     *
     * @param split name of the set; sets of different names share no picture
     * @param count number of pictures
     * @param size side in pixels
     * @param seed equal seeds draw equal pictures
     * @return the set
     */
    public static RenderedShapes draw(String split, int count, int size, long seed) {
        if (count <= 0 || size < 8) {
            throw new IllegalArgumentException("cannot draw %d pictures of %d pixels".formatted(count, size));
        }
        Seed root = new Seed(seed).derive(split);
        Image[] images = new Image[count];
        Arrays.parallelSetAll(images, i -> picture(Pattern.values()[label(i, CLASSES.size())], size, root.at(0, i)));
        return new RenderedShapes(split, List.of(images));
    }

    @Override
    public int size() {
        return images.size();
    }

    @Override
    public Image read(int i) {
        return images.get(i);
    }

    @Override
    public Image read(int i, Reduction reduction) {
        return images.get(i);
    }

    @Override
    public byte[] encoded(int i) {
        return ImageEncoder.png(images.get(i));
    }

    @Override
    public String name(int i) {
        Objects.checkIndex(i, images.size());
        return "shapes/%s/%s/%04d".formatted(split, CLASSES.get(label(i)), i);
    }

    @Override
    public int label(int i) {
        return label(i, CLASSES.size());
    }

    @Override
    public List<String> classes() {
        return CLASSES;
    }

    private static int label(int i, int kinds) {
        return i % kinds;
    }

    private static Image picture(Pattern pattern, int size, RandomGenerator rng) {
        double period = pattern.period() * between(rng, 0.8, 1.25); // pixels per repetition
        double angle = between(rng, -TILT, TILT);
        double shiftU = rng.nextDouble() * 64;
        double shiftV = rng.nextDouble() * 64;
        double contrast = between(rng, 0.3, 0.5);
        double dark = between(rng, 0.05, 0.9 - contrast);
        boolean inverted = rng.nextBoolean();
        double[] chroma = pattern.chroma(between(rng, -HUE, HUE));
        double depth = between(rng, 0.22, 0.32) * (rng.nextBoolean() ? 1 : -1);
        double lightX = between(rng, -LIGHT, LIGHT);
        double lightY = between(rng, -LIGHT, LIGHT);
        double noise = between(rng, 0.02, 0.06);
        double[] tint = {between(rng, 0.92, 1.08), between(rng, 0.92, 1.08), between(rng, 0.92, 1.08)};
        double cos = Math.cos(angle) / period;
        double sin = Math.sin(angle) / period;
        byte[] rgb = new byte[3 * size * size];
        for (int y = 0, o = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                double distance = pattern.distance(x * cos + y * sin + shiftU, y * cos - x * sin + shiftV);
                double cover = Math.max(0, Math.min(1, 0.5 + distance * period)); // the edge is one pixel wide
                double tone = dark + contrast * (inverted ? 1 - cover : cover);
                double shade = depth * (2 * cover - 1);
                double light = lightX * (2.0 * x / size - 1) + lightY * (2.0 * y / size - 1);
                double value = tone + light + noise * rng.nextGaussian();
                for (int c = 0; c < 3; c++) {
                    rgb[o++] = (byte) (int) (255 * Math.max(0, Math.min(1, value * tint[c] + shade * chroma[c])) + 0.5);
                }
            }
        }
        return new Image(size, size, rgb);
    }

    private static double between(RandomGenerator rng, double min, double max) {
        return min + (max - min) * rng.nextDouble();
    }
}
