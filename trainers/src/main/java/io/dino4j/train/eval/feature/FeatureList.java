package io.dino4j.train.eval.feature;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which images the rows of features belong to: a line of text for each image of the source, in order, with its number of rows and its grid,
 * or why it could not be read.
 */
final class FeatureList {
    private int[] indices = new int[16];
    private int[] firstRows = new int[17]; // one more than images
    private int[] heights = new int[16];
    private int[] widths = new int[16];
    private final List<String> unreadable = new ArrayList<>();
    private int size;
    private int seen;

    int size() {
        return size;
    }

    /** Images of the source that there are lines for. */
    int seen() {
        return seen;
    }

    /** Rows of all images. */
    int rows() {
        return firstRows[size];
    }

    int index(int n) {
        return indices[checked(n)];
    }

    int firstRow(int n) {
        return firstRows[n == size ? n : checked(n)];
    }

    int gridHeight(int n) {
        return heights[checked(n)];
    }

    int gridWidth(int n) {
        return widths[checked(n)];
    }

    private int checked(int n) {
        return java.util.Objects.checkIndex(n, size);
    }

    List<String> unreadable() {
        return List.copyOf(unreadable);
    }

    /** The next image of the source, which can be read. */
    void add(int rows, int height, int width) {
        if (size == indices.length) {
            indices = Arrays.copyOf(indices, 2 * size);
            firstRows = Arrays.copyOf(firstRows, 2 * size + 1);
            heights = Arrays.copyOf(heights, 2 * size);
            widths = Arrays.copyOf(widths, 2 * size);
        }
        indices[size] = seen++;
        heights[size] = height;
        widths[size] = width;
        firstRows[size + 1] = Math.addExact(firstRows[size], rows);
        size++;
    }

    /** The next image of the source, which cannot be read. */
    void addUnreadable(String trouble) {
        seen++;
        unreadable.add(trouble);
    }

    static String line(int rows, int height, int width) {
        return rows + " " + height + " " + width + "\n";
    }

    static String unreadableLine(String trouble) {
        return "- " + trouble.replaceAll("\\p{Cntrl}", " ") + "\n";
    }

    /**
     * Reads lines.
     *
     * @param file that need not be there
     * @param mostRows lines of images whose rows are beyond are dropped, as is a line without an end
     */
    static FeatureList read(Path file, long mostRows) throws IOException {
        FeatureList list = new FeatureList();
        if (!Files.exists(file)) {
            return list;
        }
        String text = Files.readString(file);
        for (int at = 0, end = text.indexOf('\n'); end >= 0; at = end + 1, end = text.indexOf('\n', at)) {
            String line = text.substring(at, end);
            if (line.startsWith("- ")) {
                list.addUnreadable(line.substring(2));
                continue;
            }
            String[] numbers = line.split(" ");
            int rows = Integer.parseInt(numbers[0]);
            if (list.rows() + (long) rows > mostRows) {
                break;
            }
            list.add(rows, Integer.parseInt(numbers[1]), Integer.parseInt(numbers[2]));
        }
        return list;
    }

    /** Writes what has been read, so that more lines can follow. */
    BufferedWriter rewrite(Path file) throws IOException {
        BufferedWriter to = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
        int unread = 0;
        for (int i = 0, n = 0; i < seen; i++) {
            boolean readable = n < size && indices[n] == i;
            to.write(
                    readable
                            ? line(firstRows[n + 1] - firstRows[n], heights[n], widths[n])
                            : unreadableLine(unreadable.get(unread++)));
            n += readable ? 1 : 0;
        }
        return to;
    }
}
