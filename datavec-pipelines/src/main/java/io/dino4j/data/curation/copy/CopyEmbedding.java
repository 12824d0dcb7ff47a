package io.dino4j.data.curation.copy;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.curation.Embedder;
import io.dino4j.data.curation.EmbedderRecipe;
import io.dino4j.data.curation.Embedding;
import io.dino4j.data.curation.EmbeddingSet;
import io.dino4j.data.file.Durable;
import io.dino4j.data.file.Sha256;
import io.dino4j.data.image.Image;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.vector.VectorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Embeds images to find copies among them. The set's folder holds the descriptor that it was made with, so that other images can be embedded
 * alike and compared.
 *
 * @param images all to be embedded
 * @param named as the images were named
 * @param like a set that was made like this, to be compared with; empty to learn a descriptor from the images
 * @param threads that read and decode, 1 or more
 * @param seed of what is learnt
 */
public record CopyEmbedding(ImageSource images, String named, Optional<Path> like, int threads, long seed) {
    static final String DESCRIPTOR = "descriptor.bin";

    private static final int BATCH = 32;

    /** A descriptor that goes with the vectors it has made. */
    private record Kept(CopyDescriptor descriptor) implements Embedder {
        @Override
        public float[][] embed(List<Image> batch) {
            return descriptor.embed(batch);
        }

        @Override
        public void save(Path folder) throws IOException {
            descriptor.save(folder.resolve(DESCRIPTOR));
        }

        @Override
        public Optional<EmbedderRecipe> recipe() {
            byte[] file = descriptor.bytes();
            return Optional.of(new KeptRecipe(Sha256.of(file), file));
        }
    }

    /** The file of a descriptor. */
    private record KeptRecipe(String key, byte[] file) implements EmbedderRecipe {
        @Override
        public Embedder make() throws IOException {
            Path copy = Files.createTempFile("descriptor", ".bin");
            try {
                Files.write(copy, file);
                return new Kept(CopyDescriptor.load(copy));
            } finally {
                Files.deleteIfExists(copy);
            }
        }
    }

    /**
     * Embeds the images, from where an interrupted run stopped.
     *
     * @param out folder of the set
     * @param type how the vectors are kept
     * @param force replace a set of other settings
     * @param progress told of every chunk, and of every image that cannot be read
     * @throws IllegalArgumentException if no image at all can be read, there is a set of other settings, or {@code like} is no such set
     * @throws IOException if it cannot be written
     */
    public EmbeddingSet run(Path out, VectorType type, boolean force, Progress progress) throws IOException {
        CopyDescriptor descriptor = descriptor(progress);
        Embedding embedding = new Embedding(images, new Kept(descriptor), BATCH, threads);
        return embedding.run(out, embedding.settings(name(descriptor), named), type, force, progress);
    }

    /** Whether the vectors of a set were made to find copies. */
    public static boolean made(EmbeddingSet set) {
        return Files.isRegularFile(set.folder().resolve(DESCRIPTOR));
    }

    /**
     * Gives the descriptor of a set, if it has one, to a folder with some of its vectors.
     *
     * @throws IOException if it cannot be copied
     */
    public static void passOn(EmbeddingSet set, Path folder) throws IOException {
        if (made(set)) {
            Durable.write(
                    folder.resolve(DESCRIPTOR), draft -> Files.copy(set.folder().resolve(DESCRIPTOR), draft));
        }
    }

    private CopyDescriptor descriptor(Progress progress) throws IOException {
        if (like.isEmpty()) {
            return CopyDescriptor.learn(images, new Seed(seed).derive("copies"), progress);
        }
        Path file = like.get().resolve(DESCRIPTOR);
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(
                    "%s: was not made to find copies; expected a folder that 'curate embed --copies' has made"
                            .formatted(like.get()));
        }
        return CopyDescriptor.load(file);
    }

    private static String name(CopyDescriptor descriptor) {
        return "copy descriptor " + Sha256.of(descriptor.bytes());
    }
}
