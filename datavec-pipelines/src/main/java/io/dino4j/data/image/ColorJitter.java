package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/**
 * Random brightness, contrast, saturation and hue, in random order, with the 8-bit arithmetic of Pillow: each step but
 * the hue blends with a degenerate image, {@code d + f (v - d)} in float, cut to 0 … 255 and truncated; the degenerate
 * image is black, the mean grey, or the pixel's own grey. Each step rounds, so the order matters.
 */
public final class ColorJitter extends Transform {
    /** One step of the jitter; the order of the constants is torchvision's numbering. */
    public enum Step {
        /** Blend with black; factor from 0, 1 changes nothing. */
        BRIGHTNESS {
            @Override
            public Image apply(Image image, double factor) {
                return blendWith(image, 0, (float) factor);
            }
        },
        /** Blend with the mean grey of the image; factor from 0, 1 changes nothing. */
        CONTRAST {
            @Override
            public Image apply(Image image, double factor) {
                return blendWith(image, meanLuma(image), (float) factor);
            }
        },
        /** Blend with the grey of each pixel; factor from 0, 1 changes nothing. */
        SATURATION {
            @Override
            public Image apply(Image image, double factor) {
                return saturate(image, (float) factor);
            }
        },
        /** Turn the 8-bit hue by {@code trunc(255 f)} modulo 256; factor in -0.5 to 0.5. */
        HUE {
            @Override
            public Image apply(Image image, double factor) {
                return HueShift.shift(image, (int) (factor * 255));
            }
        };

        /**
         * Applies the step.
         *
         * @param image source
         * @param factor strength, see the constant
         * @return a new image of the same size
         */
        public abstract Image apply(Image image, double factor);
    }

    private static final Step[] STEPS = Step.values();
    private final Range[] factors;

    /**
     * Makes the transform.
     *
     * @param brightness factor uniform in 1 ± this
     * @param contrast factor uniform in 1 ± this
     * @param saturation factor uniform in 1 ± this
     * @param hue shift uniform in ± this, at most 0.5
     */
    public ColorJitter(double brightness, double contrast, double saturation, double hue) {
        if (!(hue >= 0 && hue <= 0.5)) {
            throw new IllegalArgumentException("hue must be between 0 and 0.5, got " + hue);
        }
        factors = new Range[] {aroundOne(brightness), aroundOne(contrast), aroundOne(saturation), new Range(-hue, hue)};
    }

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        int[] order = {0, 1, 2, 3};
        for (int i = order.length - 1; i > 0; i--) {
            int j = rng.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        Image result = image;
        for (int step : order) {
            double factor = factors[step].draw(rng);
            if (factors[step].min() < factors[step].max()) { // a strength of 0 leaves the step out, as torchvision does
                result = STEPS[step].apply(result, factor);
            }
        }
        return result;
    }

    private static Range aroundOne(double strength) {
        if (!(strength >= 0)) {
            throw new IllegalArgumentException("jitter strength must not be negative, got " + strength);
        }
        return new Range(Math.max(0, 1 - strength), 1 + strength);
    }

    /** Every value depends on itself alone, so 256 blends are enough. */
    private static Image blendWith(Image image, int degenerate, float factor) {
        byte[] table = new byte[256];
        for (int v = 0; v < 256; v++) {
            table[v] = blend(degenerate, v, factor);
        }
        byte[] in = image.rgb();
        byte[] out = new byte[in.length];
        for (int i = 0; i < in.length; i++) {
            out[i] = table[in[i] & 0xff];
        }
        return new Image(image.width(), image.height(), out);
    }

    private static Image saturate(Image image, float factor) {
        byte[] in = image.rgb();
        byte[] out = new byte[in.length];
        for (int i = 0; i < in.length; i += 3) {
            int luma = Grayscale.luma(in, i);
            out[i] = blend(luma, in[i] & 0xff, factor);
            out[i + 1] = blend(luma, in[i + 1] & 0xff, factor);
            out[i + 2] = blend(luma, in[i + 2] & 0xff, factor);
        }
        return new Image(image.width(), image.height(), out);
    }

    private static byte blend(int degenerate, int value, float factor) {
        // truncated before it is cut: the same, and fast
        int mixed = (int) (degenerate + factor * (value - degenerate));
        return (byte) Math.max(0, Math.min(255, mixed));
    }

    private static int meanLuma(Image image) {
        byte[] in = image.rgb();
        long sum = 0;
        for (int i = 0; i < in.length; i += 3) {
            sum += Grayscale.luma(in, i);
        }
        return (int) ((double) sum / (in.length / 3) + 0.5);
    }
}
