package io.dino4j.data.crop;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.source.ImageSource;
import java.util.List;
import java.util.function.IntFunction;

/** A source made of a function, for tests. */
record SourceOf(int size, IntFunction<Image> images) implements ImageSource {
    @Override
    public Image read(int i, Reduction reduction) {
        return images.apply(i);
    }

    @Override
    public byte[] encoded(int i) {
        return ImageEncoder.png(images.apply(i));
    }

    @Override
    public String name(int i) {
        return "image " + i;
    }

    @Override
    public int label(int i) {
        return -1;
    }

    @Override
    public List<String> classes() {
        return List.of();
    }
}
