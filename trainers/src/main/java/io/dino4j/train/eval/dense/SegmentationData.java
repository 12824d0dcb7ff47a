package io.dino4j.train.eval.dense;

import io.dino4j.data.image.GreyImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Images with masks, in a folder {@code train/images}, {@code train/masks}, {@code val/images}, {@code val/masks} and {@code classes.csv}.
 * An image and its mask have the same base name and size; a pixel of a mask is an index of {@code classes.csv}.
 *
 * @param train to learn from
 * @param test to be segmented
 * @param classes what masks mean
 */
public record SegmentationData(TruthFolder train, TruthFolder test, SegmentationClasses classes) {
    /**
     * Opens a folder.
     *
     * @param ignored numbers in masks that are to be ignored; empty for the usual ones
     * @throws IllegalArgumentException naming what is missing or wrong
     */
    public static SegmentationData open(Path folder, Set<Integer> ignored) {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(
                    folder + ": no such folder; expected one with train, val and classes.csv in it");
        }
        return new SegmentationData(
                TruthFolder.of(folder.resolve("train"), "images", "masks"),
                TruthFolder.of(folder.resolve("val"), "images", "masks"),
                SegmentationClasses.read(folder.resolve("classes.csv"), ignored));
    }

    /** Opens a folder; what is usually ignored is ignored. */
    public static SegmentationData open(Path folder) {
        return open(folder, Set.of());
    }

    /**
     * The class of every pixel of an image, row by row; {@link SegmentationClasses#IGNORED} where it does not count.
     *
     * @throws IllegalArgumentException naming the mask, if it holds a number that is no class
     */
    int[] mask(TruthFolder of, int i) {
        GreyImage mask = of.truth(i);
        int[] labels = new int[mask.values().length];
        for (int p = 0; p < labels.length; p++) {
            int value = mask.values()[p] & 0xffff;
            labels[p] = classes.of(value);
            if (labels[p] == SegmentationClasses.UNKNOWN) {
                throw new IllegalArgumentException("%s: holds %d at column %d, row %d, which is not in classes.csv"
                        .formatted(of.truths().get(i), value, p % mask.width(), p / mask.width()));
            }
        }
        return labels;
    }
}
