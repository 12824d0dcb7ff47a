package io.dino4j.examples.cli;

import io.dino4j.data.image.Image;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.AttentionMaps;

/**
 * The trained backbone that pictures are made of, on images that are already as the network is to see them.
 *
 * @param model closed with this
 */
record PictureBackbone(Dinov2 model) implements AutoCloseable {
    /** Patches on the longer side of a picture by official weights, which were trained up to this grid. */
    private static final int OFFICIAL_GRID = 37;

    /** How much finer than its training a small network still makes sense of. */
    private static final int FINER = 3;

    /** Pixels on a patch's side. */
    int patchSize() {
        return model.config().patchSize();
    }

    /** Number of blocks. */
    int depth() {
        return model.config().depth();
    }

    /** Pixels of the longer side that pictures are legible at, and that the network still understands. */
    int usualSize() {
        return Math.min(OFFICIAL_GRID, FINER * model.config().gridSize()) * patchSize();
    }

    /** Bytes of the features of a square image. */
    long featureBytes(int size) {
        long side = size / patchSize();
        return (side * side + 1) * model.dimension() * Float.BYTES;
    }

    /** Features of one image whose sides are multiples of the patch size. */
    PatchFeatures features(Image image) {
        return model.patchFeatures(model.normalized(image));
    }

    /** Attention of the cls token in one block. */
    AttentionMaps attention(Image image, int block) {
        return model.attention(image, block);
    }

    @Override
    public void close() {
        model.close();
    }
}
