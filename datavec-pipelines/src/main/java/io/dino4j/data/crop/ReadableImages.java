package io.dino4j.data.crop;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Images by position of the infinite stream, with substitutes for unreadable ones: the next readable image of the same
 * epoch's permutation. Which image that is depends on the files alone, not on threads or on what was read before.
 */
final class ReadableImages {
    private final ImageSource source;
    private final EpochOrder order;
    private final Consumer<String> warnings;
    private final Set<Integer> unreadable = ConcurrentHashMap.newKeySet();

    ReadableImages(ImageSource source, EpochOrder order, Consumer<String> warnings) {
        this.source = source;
        this.order = order;
        this.warnings = warnings;
    }

    /** Number of files found unreadable so far. */
    int skippedCount() {
        return unreadable.size();
    }

    /**
     * An image and where it is from.
     *
     * @param index in the source
     * @param image its pixels
     */
    record Found(int index, Image image) {}

    Found at(long position) {
        UnreadableImageException last = null;
        for (int shift = 0; shift < source.size(); shift++) {
            int index = order.at(position, shift);
            if (unreadable.contains(index)) {
                continue;
            }
            try {
                return new Found(index, source.read(index));
            } catch (UnreadableImageException e) {
                last = e;
                if (unreadable.add(index)) {
                    warnings.accept("skipped " + e.getMessage());
                }
            }
        }
        throw new IllegalStateException(
                "none of the %d images can be read, for instance %s"
                        .formatted(source.size(), last == null ? source.name(0) : last.getMessage()),
                last);
    }
}
