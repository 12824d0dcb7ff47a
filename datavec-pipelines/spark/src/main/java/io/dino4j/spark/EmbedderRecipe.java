package io.dino4j.spark;

import io.dino4j.data.curation.Embedder;
import java.io.IOException;
import java.io.Serializable;

/** How an executor makes its embedder: plain data that travels, with {@code equals}, so that each executor makes it once. */
public interface EmbedderRecipe extends Serializable {
    /**
     * Makes the embedder; called once on each executor.
     *
     * @throws IOException if what it is made from cannot be read there; one line
     */
    Embedder make() throws IOException;

    /** Returns what made the vectors, for {@link io.dino4j.data.curation.EmbeddingSet#EMBEDDER}. */
    String name();
}
