package io.dino4j.train.eval.feature;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.Preprocessing;
import io.dino4j.zoo.FeatureKind;
import java.util.List;

/**
 * What is evaluated: anything that turns images into features without being trained on them. It serves one thread, but for {@link #prepare}.
 */
public sealed interface Subject extends AutoCloseable permits NetworkSubject, PixelSubject, DescriptorSubject {
    /** Its name in tables. */
    String title();

    /** The same under another name; of the two, one is to be closed. */
    Subject titled(String title);

    /**
     * SHA-256, in hexadecimal digits, of all that its features depend on: weights and preprocessing. Where the weights lie does not
     * matter, nor in which format.
     */
    String fingerprint();

    /**
     * Numbers of the features of a kind: of an image, or of a token for a {@linkplain FeatureKind.Pooling#isGrid grid}.
     *
     * @throws IllegalArgumentException if it has no such features
     */
    int dimension(FeatureKind kind);

    /** Pixels on a patch's side. */
    int patchSize();

    /** What images go through before features of a kind are taken. */
    Preprocessing preprocessing(FeatureKind kind);

    /** The same behind another preprocessing; of the two, one is to be closed. */
    Subject with(Preprocessing preprocessing);

    /** True if the mean of the training set is to be removed, without which all of its features would point the same way. */
    boolean needsCentering();

    /**
     * Features of images.
     *
     * @param images as {@link #prepare} gave them
     * @param kind what is wanted
     * @return one array for each image, in order, see {@link FeatureKind.Pooling} for shapes
     */
    List<float[]> features(List<Image> images, FeatureKind kind);

    /**
     * What can be done for one image alone. Called by many threads.
     *
     * @throws IllegalArgumentException in one line without the image's name, if it is too narrow for what is asked
     */
    default Image prepare(Image image, FeatureKind kind) {
        return preprocessing(kind).apply(image);
    }

    /** What beside {@link #fingerprint} may change features in their last digits. */
    String computation();

    @Override
    void close();
}
