package io.dino4j.spark;

import io.dino4j.data.curation.Embedder;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The embedders of this executor. They stay until it ends: a task of seconds does not load the weights again. */
final class ExecutorEmbedders {
    private static final Map<EmbedderRecipe, Embedder> MADE = new HashMap<>();

    private ExecutorEmbedders() {}

    static synchronized Embedder of(EmbedderRecipe recipe) throws IOException {
        Embedder embedder = MADE.get(recipe);
        if (embedder == null) {
            embedder = new OneAtATime(recipe.make());
            MADE.put(recipe, embedder);
        }
        return embedder;
    }

    /** Tasks of one executor take turns at the network, which has all its processors, and prepare images side by side. */
    private record OneAtATime(Embedder embedder) implements Embedder {
        @Override
        public float[][] embed(List<Image> images) {
            synchronized (embedder) {
                return embedder.embed(images);
            }
        }

        @Override
        public Image prepare(Image image) {
            return embedder.prepare(image);
        }

        @Override
        public Reduction reduction() {
            return embedder.reduction();
        }
    }
}
