package io.dino4j.data.source;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.UnreadableImageException;
import java.util.List;

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
     * Reads one image.
     *
     * @param i index from 0 to {@code size() - 1}
     * @return the image
     * @throws UnreadableImageException if this image cannot be had, now or later
     */
    Image read(int i) throws UnreadableImageException;

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
