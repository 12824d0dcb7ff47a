package io.dino4j.data.source;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A source that keeps the decoded images it has read, until a number of bytes is full. Nothing is thrown out again: in
 * epochs of random order every image is equally likely to be wanted next, so exchanging would only cost.
 */
public final class CachedImages implements ImageSource {
    private final ImageSource source;
    private final Reduction reduction;
    private final AtomicReferenceArray<Image> images;
    private final AtomicLong room;

    /**
     * Wraps a source.
     *
     * @param source where images come from
     * @param reduction how small they may be; the only one that may be asked for
     * @param maxBytes most bytes of pixels to keep on the Java heap
     */
    public CachedImages(ImageSource source, Reduction reduction, long maxBytes) {
        this.source = source;
        this.reduction = reduction;
        this.images = new AtomicReferenceArray<>(source.size());
        this.room = new AtomicLong(maxBytes);
    }

    @Override
    public Image read(int i) throws UnreadableImageException {
        return read(i, reduction);
    }

    @Override
    public Image read(int i, Reduction wanted) throws UnreadableImageException {
        if (wanted != reduction) {
            throw new IllegalArgumentException("images are kept for one reduction");
        }
        Image kept = images.get(i);
        if (kept != null) {
            return kept;
        }
        Image image = source.read(i, reduction);
        int bytes = image.rgb().length;
        if (room.addAndGet(-bytes) < 0 || !images.compareAndSet(i, null, image)) {
            room.addAndGet(bytes);
        }
        return image;
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        return source.encoded(i);
    }

    @Override
    public Optional<Location> location(int i) {
        return source.location(i);
    }

    @Override
    public float weight(int i) {
        return source.weight(i);
    }

    @Override
    public Optional<Runs> runs() {
        return source.runs();
    }

    @Override
    public int size() {
        return source.size();
    }

    @Override
    public String name(int i) {
        return source.name(i);
    }

    @Override
    public int label(int i) {
        return source.label(i);
    }

    @Override
    public List<String> classes() {
        return source.classes();
    }
}
