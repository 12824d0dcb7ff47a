package io.dino4j.data.crop;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Some consecutive images of a source, ready for the network. The array belongs to the {@link EvalBatches} it came from
 * and is valid until its next batch.
 *
 * @param images (b, 3, S, S) FLOAT, normalised
 * @param labels (b) class of each image, -1 for none
 * @param indices (b) position of each image in the source, ascending
 */
public record EvalBatch(INDArray images, int[] labels, int[] indices) {
    /**
     * Number of images.
     *
     * @return b
     */
    public int count() {
        return labels.length;
    }
}
