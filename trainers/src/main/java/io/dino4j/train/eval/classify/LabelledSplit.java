package io.dino4j.train.eval.classify;

import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSubset;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Labelled images to learn from, and others of the same classes to be classified. Images that lie outside the class folders are left out.
 *
 * @param train to learn from
 * @param test to be classified
 */
public record LabelledSplit(ImageSource train, ImageSource test) {
    /**
     * Checks that both have the same classes.
     *
     * @throws IllegalArgumentException if they have not, or no image has a class
     */
    public LabelledSplit {
        if (!train.classes().equals(test.classes())) {
            throw new IllegalArgumentException("the class folders differ: %s to look among, %s to classify"
                    .formatted(train.classes(), test.classes()));
        }
        train = labelled(train);
        test = labelled(test);
    }

    private static ImageSource labelled(ImageSource source) {
        int[] labelled = IntStream.range(0, source.size())
                .filter(i -> source.label(i) >= 0)
                .toArray();
        if (labelled.length == 0) {
            throw new IllegalArgumentException(
                    "k-NN needs a folder for each class, but %s lies in none".formatted(source.name(0)));
        }
        return labelled.length == source.size() ? source : new ImageSubset(source, labelled);
    }

    /** Names of the classes, in label order. */
    public List<String> classes() {
        return train.classes();
    }
}
