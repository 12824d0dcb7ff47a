package io.dino4j.data.source;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import java.util.List;
import java.util.Optional;

/** The images of a manifest. */
public final class ManifestImages implements ImageSource {
    private final Manifest manifest;

    /** The images of a manifest. */
    public ManifestImages(Manifest manifest) {
        this.manifest = manifest;
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
        return ImageDecoder.encoded(manifest.location(i).file());
    }

    @Override
    public String name(int i) {
        return manifest.location(i).file().toString();
    }

    @Override
    public int label(int i) {
        return -1;
    }

    @Override
    public List<String> classes() {
        return List.of();
    }

    @Override
    public Optional<Location> location(int i) {
        return Optional.of(manifest.location(i));
    }
}
