package io.dino4j.data.source;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import java.util.List;
import java.util.Optional;

/**
 * An indexed list of images. The order and the pixels never change, and every method may be called by many threads:
 * that is what makes batches reproducible.
 */
public interface ImageSource {
    /**
     * Number of images, counting unreadable ones.
     *
     * @return at least 1
     */
    int size();

    /**
     * Reads one image, all of its pixels.
     *
     * @param i index from 0 to {@code size() - 1}
     * @return the image
     * @throws UnreadableImageException if this image cannot be had, now or later
     */
    default Image read(int i) throws UnreadableImageException {
        return read(i, Reduction.NONE);
    }

    /**
     * Reads one image, smaller if that is enough and cheaper.
     *
     * @param i index from 0 to {@code size() - 1}
     * @param reduction how small it may be; a source may give more pixels, but always the same for the same reduction
     * @return the image
     * @throws UnreadableImageException if this image cannot be had, now or later
     */
    Image read(int i, Reduction reduction) throws UnreadableImageException;

    /**
     * The file that an image is decoded from, as it is stored.
     *
     * @param i index from 0 to {@code size() - 1}
     * @return a JPEG or PNG file
     * @throws UnreadableImageException if it cannot be had, now or later
     */
    byte[] encoded(int i) throws UnreadableImageException;

    /**
     * Where the encoded bytes lie.
     *
     * @param i index from 0 to {@code size() - 1}
     * @return empty if the image is made, not read
     */
    default Optional<Location> location(int i) {
        return Optional.empty();
    }

    /**
     * How often an image is to be seen, relative to others: on average so many times in an epoch.
     *
     * @param i index from 0 to {@code size() - 1}
     * @return positive; 1 unless the source says otherwise
     */
    default float weight(int i) {
        return 1;
    }

    /**
     * How images lie in storage, for orders that are to be read fast.
     *
     * @return empty if one image is read as fast after any other, as from files of their own
     */
    default Optional<Runs> runs() {
        return Optional.empty();
    }

    /**
     * Name of an image, for messages.
     *
     * @param i index from 0 to {@code size() - 1}
     * @return a path or another name, unique within the source
     */
    String name(int i);

    /**
     * Class of an image.
     *
     * @param i index from 0 to {@code size() - 1}
     * @return index into {@link #classes()}, or -1 if the image has no class
     */
    int label(int i);

    /**
     * Names of the classes.
     *
     * @return in label order; empty if there are none
     */
    List<String> classes();
}
