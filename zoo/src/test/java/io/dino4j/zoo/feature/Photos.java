package io.dino4j.zoo.feature;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Features of photos there are none of: those of image {@code i} are a function of {@code i}. */
final class Photos {
    static final Map<String, String> SETTINGS = Map.of("weights", "0a1b");

    private static final String[] NAMES = {
        "plain.jpg", "a, b.jpg", "the \"best\".jpg", "two\nlines.jpg", "Grüße/日本.png", " space.jpg"
    };

    private Photos() {}

    static String path(int image) {
        return image + "/" + NAMES[image % NAMES.length];
    }

    static float value(int image, int i) {
        return Float.intBitsToFloat(0x3f000000 | ((image * 0x9e3779b9 + i * 0x85ebca6b) & 0x7fffff));
    }

    static FeatureRow row(int image, int gridHeight, int gridWidth, int numbers) {
        float[] values = new float[numbers];
        for (int i = 0; i < numbers; i++) {
            values[i] = value(image, i);
        }
        return new FeatureRow(path(image), 100 + image, 50 + image, gridHeight, gridWidth, values);
    }

    static List<FeatureRow> pooled(int from, int upTo, int numbers) {
        return IntStream.range(from, upTo).mapToObj(i -> row(i, 2, 3, numbers)).toList();
    }

    /** Every fifth image is unreadable. */
    static void appendPart(FeatureStore store, int images, int numbers) throws IOException {
        int from = (int) store.position();
        List<FeatureRow> rows = new ArrayList<>();
        List<String> unreadable = new ArrayList<>();
        for (int i = from; i < from + images; i++) {
            if (i % 5 == 4) {
                unreadable.add(path(i) + ": is no image");
            } else {
                rows.add(row(i, 2, 3, numbers));
            }
        }
        store.append(rows, unreadable, from + images);
    }

    /** A process of its own: arguments are the file, images, images a part, and numbers a feature. */
    public static void main(String[] args) throws IOException {
        int images = Integer.parseInt(args[1]);
        int part = Integer.parseInt(args[2]);
        int numbers = Integer.parseInt(args[3]);
        extract(Path.of(args[0]), images, part, numbers);
    }

    static void extract(Path out, int images, int part, int numbers) throws IOException {
        FeatureLayout layout = new FeatureLayout(FeatureLayout.Kind.POOLED, numbers);
        try (FeatureStore store = FeatureStore.open(out, layout, SETTINGS, false, false)) {
            while (store.position() < images) {
                appendPart(store, part, numbers);
            }
            store.finish();
        }
    }
}
