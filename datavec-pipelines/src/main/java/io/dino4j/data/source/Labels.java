package io.dino4j.data.source;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** Classes in the order of their names, as a folder of folders has them, so that one set has the same classes in every format. */
final class Labels {
    private final int[] labels;
    private final List<String> classes;

    /**
     * Sorts the classes.
     *
     * @param names of the classes, in any order; names that no image has are left out
     * @param found for each image a position in the names, or -1
     */
    Labels(Names names, int[] found) {
        boolean[] used = new boolean[names.size()];
        for (int label : found) {
            if (label >= 0) {
                used[label] = true;
            }
        }
        classes = IntStream.range(0, used.length)
                .filter(i -> used[i])
                .mapToObj(names::get)
                .sorted()
                .toList();
        int[] order = new int[used.length];
        for (int i = 0; i < used.length; i++) {
            order[i] = used[i] ? Collections.binarySearch(classes, names.get(i)) : -1;
        }
        labels =
                Arrays.stream(found).map(label -> label < 0 ? -1 : order[label]).toArray();
    }

    int of(int image) {
        return labels[image];
    }

    List<String> classes() {
        return classes;
    }
}
