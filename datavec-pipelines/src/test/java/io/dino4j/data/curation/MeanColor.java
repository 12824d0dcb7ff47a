package io.dino4j.data.curation;

import io.dino4j.data.image.Image;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** An embedder for tests: mean red, green and blue. It can be told to fail, as a process that is killed would. */
final class MeanColor implements Embedder {
    final AtomicInteger embedded = new AtomicInteger();
    private final int failAfter;

    MeanColor(int failAfter) {
        this.failAfter = failAfter;
    }

    MeanColor() {
        this(Integer.MAX_VALUE);
    }

    @Override
    public float[][] embed(List<Image> images) {
        if (embedded.addAndGet(images.size()) > failAfter) {
            throw new IllegalStateException("killed");
        }
        return images.stream().map(MeanColor::mean).toArray(float[][]::new);
    }

    @Override
    public Image prepare(Image image, int width, int height) {
        if (image.width() < 2) {
            throw new IllegalArgumentException("is too narrow");
        }
        return image;
    }

    private static float[] mean(Image image) {
        float[] sums = new float[3];
        for (int i = 0; i < image.rgb().length; i++) {
            sums[i % 3] += image.rgb()[i] & 0xff;
        }
        return sums;
    }
}
