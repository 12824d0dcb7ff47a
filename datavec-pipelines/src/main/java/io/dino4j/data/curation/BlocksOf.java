package io.dino4j.data.curation;

import io.dino4j.data.vector.Blocks;
import io.dino4j.data.vector.LocalBlocks;
import java.util.ServiceLoader;

/** Where the rows of a set of embeddings are worked on: by threads of this machine, or by others. The results are the same. */
@FunctionalInterface
public interface BlocksOf {
    /** One thread for each processor of this machine. */
    BlocksOf LOCAL = set -> LocalBlocks.of(set.vectors());

    /**
     * The rows of a set, ready to be worked on.
     *
     * @param set embeddings
     */
    Blocks of(EmbeddingSet set);

    /** Those that the class path brings, which is how a cluster comes in; else {@link #LOCAL}. */
    static BlocksOf here() {
        return ServiceLoader.load(BlocksOf.class).findFirst().orElse(LOCAL);
    }
}
