package io.dino4j.data.source;

import io.dino4j.data.source.Location.Row;
import io.dino4j.data.source.Location.Stretch;
import io.dino4j.data.source.Location.WholeFile;
import java.nio.file.Path;
import java.util.Arrays;

/** The rows of a manifest by column: 68 bytes a row, beside the names. Filled by one thread, then unchanging. */
final class ManifestColumns {
    /** Place of a file of its own; offsets are from 0, and row r of a Parquet file is {@code -2 - r}. */
    static final long WHOLE = -1;

    static final int NO_LABEL = -1;

    /** 64-bit words of a hash. */
    static final int WORDS = 4;

    int size;
    int[] file;
    long[] place;
    int[] width;
    int[] height;
    long[] bytes;
    long[] hash;
    int[] label;
    float[] weight;

    ManifestColumns(int room) {
        resize(room);
    }

    /** Makes room for rows up to {@code rows}, with some to spare. */
    void reserve(int rows) {
        if (rows > file.length) {
            resize((int) Math.min(Integer.MAX_VALUE - 8L, Math.max(rows, file.length + (file.length >> 1) + 16L)));
        }
    }

    /** Gives back what was spare. */
    void trim() {
        if (size < file.length) {
            resize(size);
        }
    }

    private void resize(int room) {
        boolean first = file == null;
        file = first ? new int[room] : Arrays.copyOf(file, room);
        place = first ? new long[room] : Arrays.copyOf(place, room);
        width = first ? new int[room] : Arrays.copyOf(width, room);
        height = first ? new int[room] : Arrays.copyOf(height, room);
        bytes = first ? new long[room] : Arrays.copyOf(bytes, room);
        hash = first ? new long[WORDS * room] : Arrays.copyOf(hash, Math.multiplyExact(WORDS, room));
        label = first ? new int[room] : Arrays.copyOf(label, room);
        weight = first ? new float[room] : Arrays.copyOf(weight, room);
    }

    /** Some of the rows. */
    ManifestColumns select(int[] rows) {
        ManifestColumns some = new ManifestColumns(rows.length);
        some.size = rows.length;
        for (int i = 0; i < rows.length; i++) {
            int row = rows[i];
            some.file[i] = file[row];
            some.place[i] = place[row];
            some.width[i] = width[row];
            some.height[i] = height[row];
            some.bytes[i] = bytes[row];
            System.arraycopy(hash, WORDS * row, some.hash, WORDS * i, WORDS);
            some.label[i] = label[row];
            some.weight[i] = weight[row];
        }
        return some;
    }

    /** The same rows, all other columns shared. */
    ManifestColumns withWeights(float[] weights) {
        ManifestColumns other = new ManifestColumns(0);
        other.size = size;
        other.file = file;
        other.place = place;
        other.width = width;
        other.height = height;
        other.bytes = bytes;
        other.hash = hash;
        other.label = label;
        other.weight = weights.clone();
        for (int i = 0; i < size; i++) {
            if (!isWeight(other.weight[i])) {
                throw new IllegalArgumentException(
                        "row %d: weight is %s; expected a positive number".formatted(i, other.weight[i]));
            }
        }
        return other;
    }

    static long place(Location location) {
        if (location instanceof Stretch stretch) {
            return stretch.offset();
        }
        return location instanceof Row row ? -2 - row.row() : WHOLE;
    }

    Location location(int i, Path of) {
        long at = place[i];
        if (at == WHOLE) {
            return new WholeFile(of);
        }
        return at >= 0 ? new Stretch(of, at, bytes[i]) : new Row(of, -2 - at);
    }

    void hash(int i, String hex) {
        for (int word = 0; word < WORDS; word++) {
            long value = 0;
            for (int digit = 16 * word; digit < 16 * word + 16; digit++) {
                value = value << 4 | Character.digit(hex.charAt(digit), 16);
            }
            hash[WORDS * i + word] = value;
        }
    }

    String hash(int i) {
        StringBuilder hex = new StringBuilder(16 * WORDS);
        for (int word = 0; word < WORDS; word++) {
            long value = hash[WORDS * i + word];
            for (int shift = 60; shift >= 0; shift -= 4) {
                hex.append(Character.forDigit((int) (value >>> shift) & 15, 16));
            }
        }
        return hex.toString();
    }

    static boolean isHash(String hex) {
        if (hex.length() != 16 * WORDS) {
            return false;
        }
        for (int i = 0; i < hex.length(); i++) {
            char c = hex.charAt(i);
            if (!(c >= '0' && c <= '9' || c >= 'a' && c <= 'f')) {
                return false;
            }
        }
        return true;
    }

    static boolean isWeight(float weight) {
        return weight > 0 && weight < Float.POSITIVE_INFINITY;
    }
}
