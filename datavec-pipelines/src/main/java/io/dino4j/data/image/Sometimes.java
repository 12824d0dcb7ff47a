package io.dino4j.data.image;

import java.util.random.RandomGenerator;

/** A transform applied with a probability. One number is drawn in either case. */
final class Sometimes extends Transform {
    private final double probability;
    private final Transform transform;

    Sometimes(double probability, Transform transform) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("probability must be between 0 and 1, got " + probability);
        }
        this.probability = probability;
        this.transform = transform;
    }

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        return rng.nextDouble() < probability ? transform.apply(image, rng) : image;
    }

    @Override
    public void apply(Canvas canvas, RandomGenerator rng) {
        if (rng.nextDouble() < probability) {
            transform.apply(canvas, rng);
        }
    }
}
