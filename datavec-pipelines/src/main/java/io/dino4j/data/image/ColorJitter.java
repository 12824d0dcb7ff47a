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
            void apply(Canvas canvas, double factor) {
                Blend.withGray(canvas, 0, (float) factor);
            }
        },
        /** Blend with the mean grey of the image; factor from 0, 1 changes nothing. */
        CONTRAST {
            @Override
            void apply(Canvas canvas, double factor) {
                Blend.withGray(canvas, Grayscale.meanLuma(canvas), (float) factor);
            }
        },
        /** Blend with the grey of each pixel; factor from 0, 1 changes nothing. */
        SATURATION {
            @Override
            void apply(Canvas canvas, double factor) {
                Blend.withOwnGray(canvas, (float) factor);
            }
        },
        /** Turn the 8-bit hue by {@code trunc(255 f)} modulo 256; factor in -0.5 to 0.5. */
        HUE {
            @Override
            void apply(Canvas canvas, double factor) {
                HueShift.shift(canvas, (int) (factor * 255));
            }
        };

        /**
         * Applies the step.
         *
         * @param image source
         * @param factor strength, see the constant
         * @return a new image of the same size
         */
        public final Image apply(Image image, double factor) {
            Canvas canvas = Canvas.of(image);
            apply(canvas, factor);
            return canvas.toImage();
        }

        /** Applies the step in place. */
        abstract void apply(Canvas canvas, double factor);
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
        Canvas canvas = Canvas.of(image);
        apply(canvas, rng);
        return canvas.toImage();
    }

    @Override
    public void apply(Canvas canvas, RandomGenerator rng) {
        int[] order = {0, 1, 2, 3};
        for (int i = order.length - 1; i > 0; i--) {
            int j = rng.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        for (int step : order) {
            double factor = factors[step].draw(rng);
            if (factors[step].min() < factors[step].max()) { // a strength of 0 leaves the step out, as torchvision does
                STEPS[step].apply(canvas, factor);
            }
        }
    }

    private static Range aroundOne(double strength) {
        if (!(strength >= 0)) {
            throw new IllegalArgumentException("jitter strength must not be negative, got " + strength);
        }
        return new Range(Math.max(0, 1 - strength), 1 + strength);
    }
}
