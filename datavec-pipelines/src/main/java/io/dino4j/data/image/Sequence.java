package io.dino4j.data.image;

import java.util.List;
import java.util.random.RandomGenerator;

/** Transforms one after the other. */
final class Sequence extends Transform {
    private final List<Transform> steps;

    Sequence(List<Transform> steps) {
        this.steps = List.copyOf(steps);
    }

    @Override
    public Image apply(Image image, RandomGenerator rng) {
        Image result = image;
        for (Transform step : steps) {
            result = step.apply(result, rng);
        }
        return result;
    }

    @Override
    public void apply(Canvas canvas, RandomGenerator rng) {
        for (int i = 0; i < steps.size(); i++) { // an iterator would be one more object for each crop
            steps.get(i).apply(canvas, rng);
        }
    }
}
