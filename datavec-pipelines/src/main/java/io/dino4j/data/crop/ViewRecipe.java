package io.dino4j.data.crop;

import io.dino4j.data.image.GaussianBlur;
import io.dino4j.data.image.Grayscale;
import io.dino4j.data.image.HorizontalFlip;
import io.dino4j.data.image.Range;
import io.dino4j.data.image.Solarize;
import io.dino4j.data.image.Transform;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What happens to one kind of crop after it was cut: mirror, colour jitter, grey, blur and solarise, in this order,
 * each with its own probability (0 to 1).
 *
 * @param flip probability of mirroring
 * @param jitter probability of the colour jitter
 * @param strength of the colour jitter
 * @param gray probability of taking the colour out
 * @param blur probability of the Gaussian blur that takes <em>effect</em>; upstream's configuration names the
 *     complement
 * @param solarize probability of inverting values from 128
 */
public record ViewRecipe(
        double flip, double jitter, JitterStrength strength, double gray, double blur, double solarize) {
    private static final int SOLARIZE_THRESHOLD = 128;

    /** Checks that every probability is one. */
    public ViewRecipe {
        for (double p : new double[] {flip, jitter, gray, blur, solarize}) {
            if (!(p >= 0 && p <= 1)) {
                throw new IllegalArgumentException("probability must be between 0 and 1, got " + p);
            }
        }
    }

    /**
     * First global crop: never blurred. Upstream asks for a blur probability of 1 and its blur takes effect with one
     * minus that; the released weights were trained so.
     *
     * @return the recipe
     */
    public static ViewRecipe firstGlobal() {
        return new ViewRecipe(0.5, 0.8, JitterStrength.dinov2(), 0.2, 0.0, 0.0);
    }

    /**
     * Second global crop: blurred with 0.9, solarised with 0.2.
     *
     * @return the recipe
     */
    public static ViewRecipe secondGlobal() {
        return new ViewRecipe(0.5, 0.8, JitterStrength.dinov2(), 0.2, 0.9, 0.2);
    }

    /**
     * Local crops: blurred with 0.5.
     *
     * @return the recipe
     */
    public static ViewRecipe local() {
        return new ViewRecipe(0.5, 0.8, JitterStrength.dinov2(), 0.2, 0.5, 0.0);
    }

    /**
     * The whole way from an image to an 8-bit crop.
     *
     * @param size side of the crop, in pixels
     * @param scale cut area as a fraction of the image's
     * @return crop, then everything this recipe says
     */
    public Transform toTransform(int size, Range scale) {
        return steps(size, scale).values().stream().reduce(Transform::then).orElseThrow();
    }

    /**
     * The parts of {@link #toTransform}, each with its probability.
     *
     * @param size side of the crop, in pixels
     * @param scale cut area as a fraction of the image's
     * @return in the order in which they are applied: crop and resize, flip, colour jitter, gray, blur, solarize
     */
    public Map<String, Transform> steps(int size, Range scale) {
        Map<String, Transform> steps = new LinkedHashMap<>();
        steps.put("crop and resize", Transform.randomResizedCrop(size, scale));
        steps.put("flip", Transform.sometimes(flip, new HorizontalFlip()));
        steps.put("colour jitter", Transform.sometimes(jitter, strength.toTransform()));
        steps.put("gray", Transform.sometimes(gray, new Grayscale()));
        steps.put("blur", Transform.sometimes(blur, new GaussianBlur()));
        steps.put("solarize", Transform.sometimes(solarize, new Solarize(SOLARIZE_THRESHOLD)));
        return steps;
    }
}
