package io.dino4j.data.source;

import io.dino4j.data.file.Sha256;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The images that a manifest lists, wherever they lie, with its labels and weights. An image whose length differs from the manifest's is
 * unreadable; so is one whose hash differs, if hashes are checked.
 */
public final class ManifestImages implements ImageSource {
    /** What is compared with the manifest when an image is read. */
    public enum Check {
        /** The number of bytes. */
        LENGTH,
        /** The number of bytes and the SHA-256 of them: about as fast as they come from a disk. */
        HASH
    }

    private final Manifest manifest;
    private final Check check;
    private final Labels labels;
    private final Optional<Runs> runs;
    private final LocationReader reader = new LocationReader();

    /**
     * Opens the images of a manifest; none is read yet. Lengths are checked.
     *
     * @param manifest at least one row
     */
    public ManifestImages(Manifest manifest) {
        this(manifest, Check.LENGTH);
    }

    /**
     * Opens the images of a manifest; none is read yet.
     *
     * @param manifest at least one row
     * @param check how closely images are compared with it
     */
    public ManifestImages(Manifest manifest, Check check) {
        if (manifest.size() == 0) {
            throw new IllegalArgumentException("the manifest has no rows");
        }
        this.manifest = manifest;
        this.check = check;
        ManifestColumns columns = manifest.columns();
        this.labels = new Labels(manifest.labels(), Arrays.copyOf(columns.label, columns.size));
        boolean shared = false;
        for (int i = 0; i < columns.size && !shared; i++) {
            shared = columns.place[i] != ManifestColumns.WHOLE;
        }
        this.runs = shared
                ? Optional.of(Runs.ofStretches(columns.size, i -> columns.file[i], i -> columns.bytes[i]))
                : Optional.empty();
    }

    /** Returns the manifest. */
    public Manifest manifest() {
        return manifest;
    }

    @Override
    public int size() {
        return manifest.size();
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        return ImageDecoder.decode(encoded(i), name(i), reduction);
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        byte[] bytes = reader.read(manifest.location(i), name(i));
        long expected = manifest.columns().bytes[i];
        if (bytes.length != expected) {
            throw new UnreadableImageException(
                    name(i), "has %d bytes, and the manifest says %d".formatted(bytes.length, expected));
        }
        if (check == Check.HASH) {
            String expectedHash = manifest.columns().hash(i);
            String hash = Sha256.of(bytes);
            if (!hash.equals(expectedHash)) {
                throw new UnreadableImageException(
                        name(i), "has the SHA-256 %s, and the manifest says %s".formatted(hash, expectedHash));
            }
        }
        return bytes;
    }

    @Override
    public Optional<Location> location(int i) {
        return Optional.of(manifest.location(i));
    }

    @Override
    public float weight(int i) {
        return manifest.columns().weight[i];
    }

    /** Returns the path of the image, or that of its file with the offset or row behind a slash. A row that comes twice has its name twice. */
    @Override
    public String name(int i) {
        Location location = manifest.location(i);
        if (location instanceof Location.Stretch stretch) {
            return stretch.file() + "/" + stretch.offset();
        }
        return location instanceof Location.Row row
                ? row.file() + "/" + row.row()
                : location.file().toString();
    }

    @Override
    public int label(int i) {
        return labels.of(i);
    }

    @Override
    public List<String> classes() {
        return labels.classes();
    }

    @Override
    public Optional<Runs> runs() {
        return runs;
    }
}
