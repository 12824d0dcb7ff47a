package io.dino4j.train.eval.feature;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** Images of one brightness each, 8 x 8; class 1 is brighter. Counts what is read. */
public final class MadeImages implements ImageSource {
    final AtomicInteger reads = new AtomicInteger();
    final Set<Integer> unreadable = new HashSet<>();
    volatile int breaksAt = Integer.MAX_VALUE;
    private final int size;

    public MadeImages(int size) {
        this.size = size;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        reads.incrementAndGet();
        if (i >= breaksAt) {
            throw new IllegalStateException("the power is gone");
        }
        if (unreadable.contains(i)) {
            throw new UnreadableImageException(name(i), "is damaged");
        }
        return image(i);
    }

    private static Image image(int i) {
        byte[] rgb = new byte[3 * 8 * 8];
        Arrays.fill(rgb, (byte) (i % 100 + (i % 2 == 0 ? 0 : 120)));
        rgb[0] = (byte) i;
        return new Image(8, 8, rgb);
    }

    @Override
    public byte[] encoded(int i) {
        return ImageEncoder.png(image(i));
    }

    @Override
    public String name(int i) {
        return "image " + i;
    }

    @Override
    public int label(int i) {
        return i % 2;
    }

    @Override
    public List<String> classes() {
        return List.of("dark", "bright");
    }
}
