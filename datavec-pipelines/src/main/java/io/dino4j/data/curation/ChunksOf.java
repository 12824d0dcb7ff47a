package io.dino4j.data.curation;

import io.dino4j.data.curation.Embedding.Chunk;
import java.io.IOException;
import java.util.ServiceLoader;

/** Where images are embedded: by threads of this machine, or by others. The results are the same. */
@FunctionalInterface
public interface ChunksOf {
    /** The embedder at hand, and as many threads to decode as the embedding says. */
    ChunksOf LOCAL = (embedding, out, first, sink) -> embedding.chunks(first, sink);

    /** Takes the chunks, one after another in their order. */
    @FunctionalInterface
    interface Sink {
        /**
         * A chunk is done.
         *
         * @param number of the chunk
         * @param chunk what has become of it
         * @throws IOException if it cannot be kept; no more chunks are worked out then
         */
        void accept(int number, Chunk chunk) throws IOException;
    }

    /**
     * Works out all chunks from one on.
     *
     * @param embedding what is to be embedded, and how
     * @param out name of the set that is made
     * @param first chunk wanted, from 0
     * @param sink takes the chunks
     * @throws IOException if the sink throws it, or chunks cannot be brought here
     */
    void each(Embedding embedding, String out, int first, Sink sink) throws IOException;

    /** Those that the class path brings, which is how a cluster comes in; else {@link #LOCAL}. */
    static ChunksOf here() {
        return ServiceLoader.load(ChunksOf.class).findFirst().orElse(LOCAL);
    }
}
