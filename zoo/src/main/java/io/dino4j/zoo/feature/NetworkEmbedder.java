package io.dino4j.zoo.feature;

import io.dino4j.data.curation.Embedder;
import io.dino4j.data.image.Image;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.FeatureKind;
import java.util.List;

/** A backbone as an embedder of images behind its preprocessing; unless told otherwise by the cls token of its last block, {@code [D]}. */
public final class NetworkEmbedder implements Embedder {
    private final Dinov2 model;
    private final FeatureBatches passes;

    /**
     * Makes an embedder.
     *
     * @param model closed by its owner, afterwards
     * @param batch most images in a pass, 1 or more
     */
    public NetworkEmbedder(Dinov2 model, int batch) {
        this(model, FeatureKind.cls(), batch);
    }

    /**
     * Makes an embedder by other features.
     *
     * @param model closed by its owner, afterwards
     * @param kind what is taken of an image's tokens, see {@link FeatureKind.Pooling} for shapes
     * @param batch most images in a pass, 1 or more
     */
    public NetworkEmbedder(Dinov2 model, FeatureKind kind, int batch) {
        this.model = model;
        passes = new FeatureBatches(model, kind, batch);
    }

    @Override
    public float[][] embed(List<Image> images) {
        return passes.of(images).toArray(new float[0][]);
    }

    @Override
    public Image prepare(Image image) {
        return model.preprocessing().apply(image);
    }
}
