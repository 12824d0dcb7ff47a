package io.dino4j.train.eval.dense;

import java.util.List;

/** The two ways the paper segments with linear heads (section 7.4). */
public enum SegmentationVariant {
    /** The last block's patch tokens at one scale. */
    LINEAR("segmentation, linear", 1, List.of(1.0)),
    /** The last four blocks' tokens side by side, and the mean of the probabilities at three scales. */
    MULTISCALE("segmentation, +ms", 4, List.of(1.0, 1.32, 1.73));

    /** Blocks whose features are kept for both. */
    static final int MOST_LAYERS = 4;

    private final String title;
    private final int layers;
    private final List<Double> ratios;

    SegmentationVariant(String title, int layers, List<Double> ratios) {
        this.title = title;
        this.layers = layers;
        this.ratios = ratios;
    }

    /** Name in tables. */
    public String title() {
        return title;
    }

    /** How many of the last blocks are taken, if there are as many. */
    public int layers() {
        return layers;
    }

    /** Sizes at which an image is looked at, relative to the usual one. */
    public List<Double> ratios() {
        return ratios;
    }
}
