package io.dino4j.train.eval.dense;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How images are seen and heads are trained.
 *
 * @param shortSide of images as the network sees them, in pixels; rounded to whole patches
 * @param window side of sliding windows, in pixels; 0 for whole images
 * @param steps of training
 * @param rate of learning, which falls to 0 along a cosine
 * @param seed fixes which pixels are learnt from
 */
public record DenseSettings(int shortSide, int window, int steps, double rate, long seed) {
    /** Pixels of a batch: {@value}, of {@value #IMAGES} images. */
    static final int POINTS = 4096;

    static final int IMAGES = 16;

    /** The weight decay of the official heads. */
    static final double WEIGHT_DECAY = 1e-3;

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException naming what is out of range
     */
    public DenseSettings {
        if (shortSide < 1 || window < 0 || steps < 1 || !(rate > 0)) {
            throw new IllegalArgumentException(
                    "a short side of %d, a window of %d, %d steps and a rate of %s: expected positive numbers"
                            .formatted(shortSide, window, steps, rate));
        }
    }

    /** Whole images at a short side, 400 steps. */
    public static DenseSettings of(int shortSide) {
        return new DenseSettings(shortSide, 0, 400, 1e-3, 0);
    }

    /** The short side of the first image, but at most 518 pixels, the size that the official models were trained up to. */
    public static int usualShortSide(TruthFolder images) {
        return Math.min(518, Math.min(images.header(0).width(), images.header(0).height()));
    }

    void checkPatches(int patch) {
        if (window % patch != 0) {
            throw new IllegalArgumentException(
                    "a window of %d pixels is no multiple of %d, the patch size".formatted(window, patch));
        }
    }

    /** For reports. */
    Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("short side", shortSide + " pixels, rounded to patches");
        facts.put("windows", window == 0 ? "none, whole images" : window + " pixels");
        facts.put(
                "training",
                "%d steps of AdamW, rate %s falling to 0, weight decay %s, %d pixels a step"
                        .formatted(steps, rate, WEIGHT_DECAY, POINTS));
        facts.put("seed", Long.toString(seed));
        return facts;
    }
}
