package io.dino4j.data.image;

import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.bytedeco.opencv.opencv_core.Mat;
import org.datavec.image.data.ImageWritable;
import org.datavec.image.transform.BaseImageTransform;

/**
 * A function (image, generator) → image. A recipe is a sentence of them:
 *
 * <pre>{@code
 * Transform second = Transform.randomResizedCrop(224, new Range(0.32, 1))
 *         .then(Transform.sometimes(0.5, new HorizontalFlip()))
 *         .then(Transform.sometimes(0.8, new ColorJitter(0.4, 0.4, 0.2, 0.1)))
 *         .then(Transform.sometimes(0.2, new Grayscale()));
 * }</pre>
 *
 * <p>Each is also a DataVec {@code ImageTransform} for anyone who reads images with DataVec. There the generator is the
 * {@link Random} given to {@link #transform(ImageWritable, Random)} or {@link #setRandom(Random)}; a transform that
 * needs none works without. {@link #apply} keeps no state and may be called by many threads; the DataVec methods may
 * not.
 */
public abstract class Transform extends BaseImageTransform<Mat> {
    private static final RandomGenerator NONE = () -> {
        throw new IllegalStateException("this transform draws random numbers: call setRandom(new Random(seed)) first");
    };

    /** For subclasses, which keep no changing state. */
    protected Transform() {}

    /**
     * Applies the transform.
     *
     * @param image left unchanged
     * @param rng source of every random choice
     * @return the result; {@code image} itself if nothing was to do
     */
    public abstract Image apply(Image image, RandomGenerator rng);

    /**
     * Applies the transform in place: the same pixels as {@link #apply(Image, RandomGenerator)} from the same numbers, without a new image.
     *
     * @param canvas changed
     * @param rng source of every random choice
     */
    public void apply(Canvas canvas, RandomGenerator rng) {
        canvas.show(apply(canvas.toImage(), rng)); // for transforms that know images only
    }

    /**
     * This transform, then another.
     *
     * @param next applied to the result of this one, with the same generator
     * @return both as one
     */
    public final Transform then(Transform next) {
        return new Sequence(List.of(this, next));
    }

    /**
     * A transform that is applied now and then.
     *
     * @param probability 0 never, 1 always
     * @param transform what to apply
     * @return {@code transform} with that probability, otherwise nothing
     */
    public static Transform sometimes(double probability, Transform transform) {
        return new Sometimes(probability, transform);
    }

    /**
     * A square random crop with the aspect range of the recipe, 3/4 to 4/3.
     *
     * @param size side of the result, in pixels
     * @param scale cut area as a fraction of the image's
     * @return the transform
     */
    public static Transform randomResizedCrop(int size, Range scale) {
        return new RandomResizedCrop(size, scale, RandomResizedCrop.ASPECT);
    }

    @Override
    protected final ImageWritable doTransform(ImageWritable image, Random random) {
        if (image == null) {
            return null; // DataVec's own transforms pass a missing image on
        }
        Image result = apply(Frames.toImage(image.getFrame()), random == null ? NONE : random);
        return new ImageWritable(Frames.toFrame(result));
    }
}
