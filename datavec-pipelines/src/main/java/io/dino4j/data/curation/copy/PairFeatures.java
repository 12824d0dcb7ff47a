package io.dino4j.data.curation.copy;

import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Features of the images of pairs, some kept: one image is in many pairs. An image that cannot be read any more has none. */
final class PairFeatures {
    /** Images whose features are kept: about 100 kB each. */
    private static final int KEPT = 2000;

    private final ImageSource images;
    private final Map<Integer, Optional<LocalFeatures>> recent = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Optional<LocalFeatures>> eldest) {
            return size() > KEPT;
        }
    };

    PairFeatures(ImageSource images) {
        this.images = images;
    }

    /** Those of some images, at most {@link #KEPT} of them; looked for in parallel. */
    Map<Integer, Optional<LocalFeatures>> of(int[] rows, Consumer<String> unreadable) {
        Set<Integer> wanted = new TreeSet<>();
        for (int row : rows) {
            wanted.add(row);
        }
        int[] missing = wanted.stream()
                .filter(row -> !recent.containsKey(row))
                .mapToInt(row -> row)
                .toArray();
        LocalFeatures[] found = new LocalFeatures[missing.length];
        IntStream.range(0, missing.length).parallel().forEach(i -> found[i] = read(missing[i], unreadable));
        Map<Integer, Optional<LocalFeatures>> features = new LinkedHashMap<>();
        for (int i = 0; i < missing.length; i++) {
            features.put(missing[i], Optional.ofNullable(found[i]));
        }
        for (int row : wanted) {
            features.computeIfAbsent(row, recent::get);
        }
        recent.putAll(features);
        return features;
    }

    private LocalFeatures read(int row, Consumer<String> unreadable) {
        try {
            return LocalFeatures.of(images.read(row, LocalFeatures.REDUCTION));
        } catch (UnreadableImageException e) {
            unreadable.accept(e.getMessage());
            return null; // stays in here, as an absent value
        }
    }
}
