package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/**
 * Gaussian blur with a 9x9 kernel of the sampled bell curve, float arithmetic, borders reflected without repeating the
 * edge pixel, result rounded half to even. It runs as two passes of 9 taps; torchvision's single pass of 81 taps
 * differs by float rounding only.
 *
 * <p>{@code k(x) = exp(-x² / 2σ²) / Σ}, x = -4 … 4.
 */
public final class GaussianBlur extends Transform {
    private static final int RADIUS = 4;
    private final Range sigma;

    /** The recipe's blur: σ uniform in 0.1 to 2 pixels. */
    public GaussianBlur() {
        this(new Range(0.1, 2));
    }

    /**
     * Makes the transform.
     *
     * @param sigma standard deviation in pixels, positive, drawn uniformly
     */
    public GaussianBlur(Range sigma) {
        this.sigma = sigma;
    }

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        return blur(image, sigma.draw(rng));
    }

    @Override
    public void apply(Canvas canvas, RandomGenerator rng) {
        blur(canvas, sigma.draw(rng));
    }

    /**
     * Blurs an image.
     *
     * @param image source
     * @param sigma standard deviation in pixels, positive
     * @return a new image of the same size
     */
    public static Image blur(Image image, double sigma) {
        Canvas canvas = Canvas.of(image);
        blur(canvas, sigma);
        return canvas.toImage();
    }

    private static void blur(Canvas canvas, double sigma) {
        if (!(sigma > 0)) {
            throw new IllegalArgumentException("sigma must be positive, got " + sigma);
        }
        canvas.blurRows().blur(canvas.pixels(), canvas.width(), canvas.height(), kernel((float) sigma));
    }

    private static float[] kernel(float sigma) {
        float[] kernel = new float[2 * RADIUS + 1];
        float total = 0;
        for (int k = 0; k < kernel.length; k++) {
            float x = (k - RADIUS) / sigma;
            kernel[k] = (float) Math.exp(-0.5f * (x * x));
            total += kernel[k];
        }
        for (int k = 0; k < kernel.length; k++) {
            kernel[k] /= total;
        }
        return kernel;
    }
}
