package io.dino4j.examples.benchmark;

import io.dino4j.data.Seed;
import io.dino4j.data.curation.copy.Alteration;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.source.ImageSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Altered copies, and the image of the pool that each was made of.
 *
 * @param images (Q) the copies
 * @param alterations (Q) how each was made
 * @param originals (Q) position of its original in the pool
 */
record CopyQueries(List<Image> images, List<String> alterations, int[] originals) {
    private static final String TRUTH = "ground_truth.csv";

    /** Those of a folder with {@code copies/} and {@code ground_truth.csv}: copy, original, transform, parameters. */
    static CopyQueries read(Path folder, ImageSource pool) throws IOException {
        Path truth = folder.resolve(TRUTH);
        if (!Files.isRegularFile(truth)) {
            throw new IllegalArgumentException(
                    "%s: there is no such file; it says what each copy was made of".formatted(truth));
        }
        Map<String, Integer> positions = new HashMap<>();
        for (int i = 0; i < pool.size(); i++) {
            positions.put(String.valueOf(Path.of(pool.name(i)).getFileName()), i);
        }
        List<Image> images = new ArrayList<>();
        List<String> alterations = new ArrayList<>();
        List<Integer> originals = new ArrayList<>();
        List<String> lines = Files.readAllLines(truth);
        for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
            String[] fields = line.split(",", 4);
            if (fields.length < 3 || !positions.containsKey(fields[1])) {
                throw new IllegalArgumentException(
                        "%s: line '%s' does not name a copy and an original of the pool".formatted(truth, line));
            }
            images.add(ImageDecoder.read(folder.resolve("copies").resolve(fields[0])));
            alterations.add(fields[2]);
            originals.add(positions.get(fields[1]));
        }
        return new CopyQueries(images, alterations, array(originals));
    }

    /** Copies of some images of the pool, evenly spread, each altered in every way. */
    static CopyQueries make(ImageSource pool, int count, Seed seed) throws IOException {
        List<Image> images = new ArrayList<>();
        List<String> alterations = new ArrayList<>();
        List<Integer> originals = new ArrayList<>();
        int all = Math.min(count, pool.size());
        for (int n = 0; n < all; n++) {
            int row = (int) ((2L * n + 1) * pool.size() / (2L * all));
            Image original = pool.read(row);
            for (Alteration alteration : Alteration.values()) {
                images.add(alteration.apply(original, seed.at(alteration.ordinal(), row)));
                alterations.add(alteration.label());
                originals.add(row);
            }
        }
        return new CopyQueries(images, alterations, array(originals));
    }

    int size() {
        return images.size();
    }

    private static int[] array(List<Integer> values) {
        return values.stream().mapToInt(i -> i).toArray();
    }
}
