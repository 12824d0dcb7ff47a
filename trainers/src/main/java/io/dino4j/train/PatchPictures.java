package io.dino4j.train;

import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.train.report.PatchSamples;
import io.dino4j.zoo.FeatureExtractor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A few images, always the same, to show what a network makes of their patches. */
public final class PatchPictures {
    private final List<Image> images;
    private final INDArray input;

    private PatchPictures(List<Image> images, EvalTransform transform) {
        this.images = List.copyOf(images);
        int side = transform.crop();
        input = Nd4j.create(DataType.FLOAT, images.size(), 3, side, side);
        float[] chw = new float[3 * side * side];
        for (int i = 0; i < images.size(); i++) {
            transform.normalization().write(images.get(i), chw);
            input.slice(i).assign(Nd4j.createFromArray(chw).reshape(3, side, side));
        }
    }

    /**
     * Reads images, spread evenly over a source.
     *
     * @param source where they are from
     * @param count how many at most, positive
     * @param transform from image to network
     * @param unreadable told of each image that cannot be read, and is left out
     * @return empty if none can be read
     */
    public static Optional<PatchPictures> read(
            ImageSource source, int count, EvalTransform transform, Consumer<String> unreadable) {
        List<Image> images = new ArrayList<>();
        int stride = Math.max(1, source.size() / count);
        for (int i = 0; i < source.size() && images.size() < count; i += stride) {
            try {
                images.add(transform.apply(source.read(i)));
            } catch (UnreadableImageException e) {
                unreadable.accept(e.getMessage());
            }
        }
        return images.isEmpty() ? Optional.empty() : Optional.of(new PatchPictures(images, transform));
    }

    /** Side of an image in pixels. */
    public int size() {
        return images.get(0).width();
    }

    /** Their patch features by a network, copied. */
    public PatchSamples features(FeatureExtractor network) {
        return new PatchSamples(images, network.patchFeatures(List.of(input)));
    }
}
