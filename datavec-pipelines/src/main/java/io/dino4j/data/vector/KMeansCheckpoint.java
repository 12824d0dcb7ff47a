package io.dino4j.data.vector;

import java.io.IOException;
import java.util.Optional;

/** Where a run of k-means keeps its state, to go on after it was killed and end in the same bits. */
public interface KMeansCheckpoint {
    /** Keeps nothing. */
    KMeansCheckpoint NONE = new KMeansCheckpoint() {
        @Override
        public Optional<KMeansState> load() {
            return Optional.empty();
        }

        @Override
        public void save(KMeansState state) {
            // kept nowhere
        }
    };

    /**
     * The state of an earlier run of the same vectors and configuration.
     *
     * @throws IOException if it cannot be read, or is of another run
     */
    Optional<KMeansState> load() throws IOException;

    /**
     * Called after every iteration.
     *
     * @throws IOException if it cannot be written
     */
    void save(KMeansState state) throws IOException;
}
