package io.dino4j.zoo.onnx;

import java.util.Optional;

/**
 * What kind of model is made of a backbone. Start from {@link #dynamic()} or {@link #fixed}.
 *
 * @param size the one size of images that the model takes; empty for any size, position embedding resampled in the graph
 * @param input what images are
 * @param weights what linear weights are stored as; everything is computed in float32
 * @param storage where weights are
 */
public record OnnxOptions(Optional<ImageSize> size, Input input, WeightType weights, Storage storage) {
    /** What images are. */
    public enum Input {
        /** {@code [B, 3, H, W]} float32, normalised with the mean and deviation of ImageNet. */
        NORMALIZED,
        /** {@code [B, H, W, 3]} uint8, red first: the model normalises. */
        RGB8
    }

    /** What linear weights are stored as. */
    public enum WeightType {
        /** As trained. */
        FLOAT32,
        /** Rounded to 16 bits, half the file; biases, norms and embeddings keep 32. */
        FLOAT16
    }

    /** Where weights are. */
    public enum Storage {
        /** In the model, unless they are larger than 1 GiB. */
        AUTO,
        /** In a file beside the model, named like it with {@code .data} at the end. */
        EXTERNAL
    }

    /**
     * A size of images.
     *
     * @param height pixels down, 1 to 16384
     * @param width pixels across, 1 to 16384
     */
    public record ImageSize(int height, int width) {
        private static final int LARGEST = 16384;

        /**
         * Checks the sides.
         *
         * @throws IllegalArgumentException if one is out of range
         */
        public ImageSize {
            if (Math.min(height, width) < 1 || Math.max(height, width) > LARGEST) {
                throw new IllegalArgumentException(
                        "an image of %d x %d pixels: sides are 1 to %d".formatted(height, width, LARGEST));
            }
        }

        @Override
        public String toString() {
            return height + "x" + width;
        }
    }

    /** Any size of images, normalised by the caller, float32 weights. */
    public static OnnxOptions dynamic() {
        return new OnnxOptions(Optional.empty(), Input.NORMALIZED, WeightType.FLOAT32, Storage.AUTO);
    }

    /** The same for one size of images, in pixels: the position embedding is resampled now. */
    public static OnnxOptions fixed(int height, int width) {
        return dynamic().withSize(Optional.of(new ImageSize(height, width)));
    }

    /** The same for another size of images. */
    public OnnxOptions withSize(Optional<ImageSize> other) {
        return new OnnxOptions(other, input, weights, storage);
    }

    /** The same for other images. */
    public OnnxOptions withInput(Input other) {
        return new OnnxOptions(size, other, weights, storage);
    }

    /** The same with other weights. */
    public OnnxOptions withWeights(WeightType other) {
        return new OnnxOptions(size, input, other, storage);
    }

    /** The same with weights elsewhere. */
    public OnnxOptions withStorage(Storage other) {
        return new OnnxOptions(size, input, weights, other);
    }
}
