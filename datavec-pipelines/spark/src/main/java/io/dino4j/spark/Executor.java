package io.dino4j.spark;

import io.dino4j.data.curation.Embedder;
import io.dino4j.data.curation.EmbedderRecipe;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.source.LocationReader;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What an executor keeps from task to task until it ends: embedders, so that weights are read once, and open files of images. */
final class Executor {
    static final LocationReader IMAGES = new LocationReader();

    private static final Map<String, Embedder> EMBEDDERS = new HashMap<>();

    private Executor() {}

    static synchronized Embedder embedder(EmbedderRecipe recipe) throws IOException {
        Embedder embedder = EMBEDDERS.get(recipe.key());
        if (embedder == null) {
            embedder = new OneAtATime(recipe.make());
            EMBEDDERS.put(recipe.key(), embedder);
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
        public Image prepare(Image image, int width, int height) {
            return embedder.prepare(image, width, height);
        }

        @Override
        public Reduction reduction() {
            return embedder.reduction();
        }
    }
}
