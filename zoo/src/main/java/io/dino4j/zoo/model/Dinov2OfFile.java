package io.dino4j.zoo.model;

import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.weights.PretrainedWeights;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A backbone of any size in DL4J, from a file of weights or a run of one's own. Images have the size that it was trained on, 224 pixels at
 * most, unless another is set. See {@link Dinov2ZooModel}.
 */
public final class Dinov2OfFile extends Dinov2ZooModel {
    private static final int LARGEST_USUAL = 224;

    private Dinov2OfFile(VitConfig config, Builder<Dinov2OfFile> options) {
        super(config, Optional.empty(), options);
    }

    /**
     * Options, the weights already named.
     *
     * @param weights anything that {@link PretrainedWeights#open} reads
     * @throws io.dino4j.zoo.weights.WeightsException naming the file and what is wrong with it
     */
    public static Builder<Dinov2OfFile> builder(Path weights) {
        return builder(weights, OptionalInt.empty());
    }

    /**
     * Options, the weights already named.
     *
     * @param weights anything that {@link PretrainedWeights#open} reads
     * @param heads number of attention heads, if neither the file nor an official width tells
     * @throws io.dino4j.zoo.weights.WeightsException naming the file and what is wrong with it
     */
    public static Builder<Dinov2OfFile> builder(Path weights, OptionalInt heads) {
        try (PretrainedWeights file = PretrainedWeights.open(weights)) {
            VitConfig config = file.backbone(heads);
            int most = Math.min(LARGEST_USUAL, config.imageSize());
            return new Builder<Dinov2OfFile>(options -> new Dinov2OfFile(config, options))
                    .weights(weights)
                    .imageSize(most - most % config.patchSize());
        }
    }
}
