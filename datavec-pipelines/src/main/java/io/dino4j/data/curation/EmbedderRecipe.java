package io.dino4j.data.curation;

import java.io.IOException;
import java.io.Serializable;

/** How to make an embedder on another machine: plain data that travels. */
public interface EmbedderRecipe extends Serializable {
    /** Returns what tells this recipe from others: a machine makes the embedder once for each. */
    String key();

    /**
     * Makes the embedder. It is used until the process ends.
     *
     * @throws IOException if what it is made from cannot be read there; one line
     */
    Embedder make() throws IOException;
}
