package io.dino4j.zoo.feature;

import io.dino4j.data.curation.Embedder;
import io.dino4j.data.curation.EmbedderRecipe;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.FeatureKind;
import java.util.List;
import java.util.Optional;

/** A backbone as an embedder of images behind its preprocessing; unless told otherwise by the cls token of its last block, {@code [D]}. */
public final class NetworkEmbedder implements Embedder {
    private final Dinov2 model;
    private final FeatureBatches passes;
    private final Optional<EmbedderRecipe> recipe;

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
        this(model, kind, batch, Optional.empty());
    }

    /**
     * Makes an embedder that other machines can make, too.
     *
     * @param model closed by its owner, afterwards
     * @param recipe how it was made
     */
    public NetworkEmbedder(Dinov2 model, NetworkRecipe recipe) {
        this(model, FeatureKind.cls(), recipe.batch(), Optional.of(recipe));
    }

    private NetworkEmbedder(Dinov2 model, FeatureKind kind, int batch, Optional<EmbedderRecipe> recipe) {
        this.model = model;
        this.recipe = recipe;
        passes = new FeatureBatches(model, kind, batch);
    }

    @Override
    public float[][] embed(List<Image> images) {
        return passes.of(images).toArray(new float[0][]);
    }

    @Override
    public Image prepare(Image image, int width, int height) {
        return model.preprocessing().apply(image, width, height);
    }

    @Override
    public Reduction reduction() {
        return model.preprocessing().reduction();
    }

    @Override
    public Optional<EmbedderRecipe> recipe() {
        return recipe;
    }
}
