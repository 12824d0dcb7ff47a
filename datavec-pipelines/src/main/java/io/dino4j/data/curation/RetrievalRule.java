package io.dino4j.data.curation;

/** Which images of a pool are taken: the paper's two ways (appendix A). */
public sealed interface RetrievalRule {
    /**
     * The nearest of each curated image, for large curated sets.
     *
     * @param images for each curated image, 1 or more; the paper takes 4, and 32 for ImageNet-1k
     * @param least similarity below which nothing is taken, -1 for none
     */
    record PerImage(int images, float least) implements RetrievalRule {
        /** Checks the numbers. */
        public PerImage {
            if (images < 1) {
                throw new IllegalArgumentException("images for each curated one must be 1 or more, got " + images);
            }
            if (!(least >= -1 && least <= 1)) {
                throw new IllegalArgumentException("a similarity lies in -1 to 1, got " + least);
            }
        }
    }

    /**
     * Images of the clusters that curated images fall into, drawn at random, for small curated sets.
     *
     * @param images of each cluster, 1 or more; the paper takes 10,000
     * @param leastCurated curated images that a cluster must hold to count, 1 or more
     * @param seed of the draw
     */
    record PerCluster(int images, int leastCurated, long seed) implements RetrievalRule {
        /** Curated images of a cluster, in the paper: more than 3. */
        public static final int USUAL = 4;

        /** Checks the numbers. */
        public PerCluster {
            if (images < 1 || leastCurated < 1) {
                throw new IllegalArgumentException(
                        "images of a cluster and curated images in it must be 1 or more, got %d and %d"
                                .formatted(images, leastCurated));
            }
        }
    }
}
