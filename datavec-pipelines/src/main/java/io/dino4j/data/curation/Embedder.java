package io.dino4j.data.curation;

import io.dino4j.data.image.Image;
import java.util.List;

/** Images to vectors: a network, or anything else whose vectors are near for images that are alike. */
@FunctionalInterface
public interface Embedder {
    /**
     * Embeds a batch.
     *
     * @param images B images of any sizes
     * @return B vectors of one length D, in the order of the images; the same for an image whatever else is in the batch, up to rounding
     */
    float[][] embed(List<Image> images);
}
