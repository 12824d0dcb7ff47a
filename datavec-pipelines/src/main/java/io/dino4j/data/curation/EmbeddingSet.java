package io.dino4j.data.curation;

import io.dino4j.data.file.Sha256;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.Manifest;
import io.dino4j.data.source.ManifestImages;
import io.dino4j.data.vector.VectorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Images and their vectors, row for row, in a folder: {@code vectors.bin} (a {@link VectorFile} of rows of length 1), {@code images.parquet} (a
 * {@link Manifest}), {@code unreadable.txt} (a line for each image that was left out) and {@code stage.json} (how they were made). Nothing is read
 * of the vectors before it is asked for.
 *
 * @param folder where it lies
 * @param vectors {@code [N, D]}
 * @param images N rows
 * @param settings how the vectors were made; {@code embedder} names what made them
 */
public record EmbeddingSet(Path folder, VectorFile vectors, Manifest images, Map<String, String> settings) {
    static final String VECTORS = "vectors.bin";
    static final String IMAGES = "images.parquet";
    static final String UNREADABLE = "unreadable.txt";

    /** Setting that names what made the vectors. */
    public static final String EMBEDDER = "embedder";

    /**
     * Opens a set.
     *
     * @param folder as {@link Embedding} made it
     * @throws IllegalArgumentException if it is none
     * @throws IOException if a file of it is missing or damaged, or the two differ in rows
     */
    public static EmbeddingSet open(Path folder) throws IOException {
        Map<String, String> settings = StageFolder.settingsOf(folder);
        if (!settings.containsKey(EMBEDDER)) {
            throw new IllegalArgumentException(
                    "%s: holds no embeddings; expected a folder that 'curate embed' has made".formatted(folder));
        }
        VectorFile vectors = VectorFile.open(folder.resolve(VECTORS));
        Manifest images = Manifest.read(folder.resolve(IMAGES));
        if (vectors.size() != images.size()) {
            throw new IOException(
                    "%s: has %d vectors for %d images; make it again".formatted(folder, vectors.size(), images.size()));
        }
        return new EmbeddingSet(folder, vectors, images, settings);
    }

    /** Returns the number of images, N. */
    public int size() {
        return vectors.size();
    }

    /** Returns the images, to be read. */
    public ImageSource source() {
        return new ManifestImages(images, ManifestImages.Check.LENGTH);
    }

    /** Returns the hash of what the set was made with and of its list of images: sets with equal ones are equal. */
    public String fingerprint() throws IOException {
        return Sha256.ofLines(
                Stream.of(Sha256.of(folder.resolve(StageFolder.SETTINGS)), Sha256.of(folder.resolve(IMAGES))));
    }

    /** Returns a line for each image that was left out. */
    public List<String> unreadable() throws IOException {
        return Files.readAllLines(folder.resolve(UNREADABLE));
    }

    /**
     * Checks that vectors of two sets may be compared.
     *
     * @throws IllegalArgumentException if they are of other lengths, or made by other embedders
     */
    public void requireComparable(EmbeddingSet other) {
        if (vectors.dimension() != other.vectors.dimension()) {
            throw new IllegalArgumentException(
                    "%s has vectors of %d numbers, %s of %d; embed both with the same weights"
                            .formatted(folder, vectors.dimension(), other.folder, other.vectors.dimension()));
        }
        String mine = settings.get(EMBEDDER);
        String theirs = other.settings.get(EMBEDDER);
        if (!mine.equals(theirs)) {
            throw new IllegalArgumentException("%s was made by %s, %s by %s; embed both with the same weights"
                    .formatted(folder, mine, other.folder, theirs));
        }
    }
}
