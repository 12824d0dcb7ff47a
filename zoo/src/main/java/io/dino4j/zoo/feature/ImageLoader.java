package io.dino4j.zoo.feature;

import io.dino4j.data.ReadAhead;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Preprocessing;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Images of a source in order, decoded and resized by threads that are a bounded number of images ahead of the reader. Memory does not grow
 * with the source.
 */
final class ImageLoader implements AutoCloseable {
    private final ImageSource source;
    private final Preprocessing preprocessing;
    private final ReadAhead<Loaded> images;
    private final LongAdder decoding = new LongAdder();
    private final LongAdder resizing = new LongAdder();

    /**
     * One image, or why there is none.
     *
     * @param index in the source
     * @param width of the original, in pixels
     * @param height of the original, in pixels
     * @param pixels as the network is to see them; null if the image cannot be read
     * @param trouble one line, if it cannot be read
     */
    record Loaded(int index, int width, int height, Image pixels, String trouble) {
        boolean isReadable() {
            return pixels != null;
        }
    }

    /**
     * Begins to load.
     *
     * @param first index of the first image
     * @param workers threads that decode, 1 or more
     * @param ahead images that are loaded or being loaded at a time, 1 or more
     */
    ImageLoader(ImageSource source, Preprocessing preprocessing, int first, int workers, int ahead) {
        this.source = source;
        this.preprocessing = preprocessing;
        images = new ReadAhead<>(first, source.size(), this::load, workers, ahead);
    }

    private Loaded load(int index) {
        try {
            long start = System.nanoTime();
            Image image = source.read(index);
            long decoded = System.nanoTime();
            Image pixels = preprocessing.apply(image);
            decoding.add(decoded - start);
            resizing.add(System.nanoTime() - decoded);
            return new Loaded(index, image.width(), image.height(), pixels, "");
        } catch (UnreadableImageException
                | IllegalArgumentException e) { // the latter: too small or narrow for what is asked
            return new Loaded(index, 0, 0, null, named(index, e));
        }
    }

    private String named(int index, Exception e) {
        return e instanceof UnreadableImageException ? e.getMessage() : source.name(index) + ": " + e.getMessage();
    }

    /** The next images, as many as asked for if there are; waits for them. Empty at the end. */
    List<Loaded> next(int most) {
        return images.next(most);
    }

    /** Nanoseconds of all threads together in decoding. */
    long decoding() {
        return decoding.sum();
    }

    /** Nanoseconds of all threads together in resizing. */
    long resizing() {
        return resizing.sum();
    }

    /** Nanoseconds that the reader has waited. */
    long waiting() {
        return images.waiting();
    }

    @Override
    public void close() {
        images.close();
    }
}
