package io.dino4j.data.source;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import java.util.List;
import java.util.Optional;

/** Some images of a source, in an order of their own. */
public final class ImageSubset implements ImageSource {
    private final ImageSource source;
    private final int[] indices;

    /**
     * Picks images.
     *
     * @param source where they are
     * @param indices their positions there, at least one
     */
    public ImageSubset(ImageSource source, int[] indices) {
        if (indices.length == 0) {
            throw new IllegalArgumentException("a subset needs at least one image");
        }
        this.source = source;
        this.indices = indices.clone();
    }

    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        return source.read(indices[i], reduction);
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        return source.encoded(indices[i]);
    }

    @Override
    public Optional<Location> location(int i) {
        return source.location(indices[i]);
    }

    @Override
    public float weight(int i) {
        return source.weight(indices[i]);
    }

    @Override
    public String name(int i) {
        return source.name(indices[i]);
    }

    @Override
    public int label(int i) {
        return source.label(indices[i]);
    }

    @Override
    public List<String> classes() {
        return source.classes();
    }
}
