package io.dino4j.train.eval.dense;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What the numbers in masks mean. Classes are counted from 0 without those that are ignored.
 *
 * @param names of the classes
 * @param colors of the classes, 0xRRGGBB
 * @param ofValue the class of each number that a mask may hold, {@link #IGNORED} for those that are ignored, {@link #UNKNOWN} for all others
 */
public record SegmentationClasses(List<String> names, List<Integer> colors, int[] ofValue) {
    /** The class of a pixel that counts neither in training nor in scores. */
    public static final int IGNORED = -1;

    /** The class of a number that no mask may hold. */
    public static final int UNKNOWN = -2;

    /** Ignored everywhere in the field unless it is the name of a class. */
    private static final int USUAL_IGNORED = 255;

    private static final int MOST_VALUES = 1 << 16;

    private static final Set<String> NO_CLASS = Set.of("unlabelled", "unlabeled", "void", "ignore", "ignored");

    private static final double GOLDEN = 0.618034;

    /** Checks that there is something to tell apart. */
    public SegmentationClasses {
        if (names.size() < 2 || names.size() != colors.size()) {
            throw new IllegalArgumentException(
                    "%d classes with %d colours; expected two classes at least".formatted(names.size(), colors.size()));
        }
        names = List.copyOf(names);
        colors = List.copyOf(colors);
    }

    /** Number of classes, {@code K}. */
    public int size() {
        return names.size();
    }

    /** The class of a number of a mask. */
    int of(int value) {
        return value < ofValue.length ? ofValue[value] : UNKNOWN;
    }

    /**
     * Reads {@code classes.csv}: a line of heads, then lines of {@code index,name} or {@code index,name,r,g,b}. A class named unlabelled, void or
     * ignore is ignored, as is 255.
     *
     * @param ignored numbers to be ignored instead of those with such names; empty for those
     * @throws IllegalArgumentException naming file and line, if it cannot be read
     */
    public static SegmentationClasses read(Path file, Set<Integer> ignored) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "%s: cannot be read; expected a table of classes, index,name,r,g,b".formatted(file), e);
        }
        int[] ofValue = new int[MOST_VALUES];
        Arrays.fill(ofValue, UNKNOWN);
        ofValue[USUAL_IGNORED] = IGNORED;
        List<String> names = new ArrayList<>();
        List<Integer> colors = new ArrayList<>();
        Set<Integer> seen = new HashSet<>();
        for (int i = 1; i < lines.size(); i++) {
            if (lines.get(i).isBlank()) {
                continue;
            }
            String[] cells = lines.get(i).split(",");
            int index = number(cells, 0, MOST_VALUES - 1, file, i);
            if (cells.length != 2 && cells.length != 5 || !seen.add(index)) {
                throw new IllegalArgumentException(
                        "%s, line %d: expected index,name or index,name,r,g,b with an index of its own, got '%s'"
                                .formatted(file, i + 1, lines.get(i)));
            }
            String name = cells[1].strip();
            boolean none =
                    ignored.isEmpty() ? NO_CLASS.contains(name.toLowerCase(Locale.ROOT)) : ignored.contains(index);
            ofValue[index] = none ? IGNORED : names.size();
            if (!none) {
                colors.add(cells.length == 5 ? color(cells, file, i) : color(names.size()));
                names.add(name);
            }
        }
        ignored.forEach(value -> ofValue[value] = IGNORED);
        if (names.size() < 2) {
            throw new IllegalArgumentException(
                    "%s: has %d classes that are not ignored; expected two at least".formatted(file, names.size()));
        }
        return new SegmentationClasses(names, colors, ofValue);
    }

    private static int color(String[] cells, Path file, int line) {
        return number(cells, 2, 255, file, line) << 16
                | number(cells, 3, 255, file, line) << 8
                | number(cells, 4, 255, file, line);
    }

    /** Hues as far from each other as can be, whatever their number. */
    static int color(int number) {
        return java.awt.Color.HSBtoRGB((float) (number * GOLDEN % 1), number % 2 == 0 ? 0.75f : 0.5f, 0.9f) & 0xffffff;
    }

    private static int number(String[] cells, int at, int most, Path file, int line) {
        try {
            int number = Integer.parseInt(cells[at].strip());
            if (number >= 0 && number <= most) {
                return number;
            }
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            // told below
        }
        throw new IllegalArgumentException("%s, line %d: expected a number from 0 to %d in place %d, got '%s'"
                .formatted(file, line + 1, most, at + 1, String.join(",", cells)));
    }
}
