package io.dino4j.data.curation;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Images to vectors: a network, or anything else whose vectors are near for images that are alike. */
@FunctionalInterface
public interface Embedder {
    /**
     * Embeds a batch. Called by one thread at a time.
     *
     * @param images B images, each as {@link #prepare} gave it
     * @return B vectors of one length D, in the order of the images; the same for an image whatever else is in the batch, up to rounding
     */
    float[][] embed(List<Image> images);

    /**
     * What can be done for one image alone, such as resizing. Called by many threads, beside {@link #embed}.
     *
     * @param image of any size, decoded as {@link #reduction} allows
     * @param width of the image in its file, in pixels
     * @param height of the image in its file, in pixels
     * @return what {@link #embed} takes
     * @throws IllegalArgumentException in one line without the image's name, if it cannot be embedded
     */
    default Image prepare(Image image, int width, int height) {
        return image;
    }

    /**
     * Keeps what is needed to embed other images alike.
     *
     * @param folder of an embedding set in the making
     * @throws IOException if it cannot be written
     */
    default void save(Path folder) throws IOException {}

    /** How other machines can make this embedder; empty if they cannot. */
    default Optional<EmbedderRecipe> recipe() {
        return Optional.empty();
    }

    /** How small an image may be decoded; a constant of this embedder. */
    default Reduction reduction() {
        return Reduction.NONE;
    }
}
