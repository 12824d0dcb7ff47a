package io.dino4j.data.source;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Many short texts in little memory: UTF-8 in large blocks, each text once. A text takes its bytes and nine or ten more, and six to twelve
 * more while texts are added. It is changed by one thread; afterwards any number may read.
 */
final class Names {
    private static final int BLOCK = 1 << 18; // larger arrays waste room in the collector

    private byte[][] blocks = new byte[1][];
    private int lastBlock = -1;
    private int used = BLOCK; // of the last block
    private long[] starts = new long[16]; // block in the upper half, offset in the lower
    private int size;
    private int[] table = new int[32]; // position + 1 by hash; a power of two, at most two thirds full

    /** Number of different texts. */
    int size() {
        return size;
    }

    /** The position of a text, which is added if it is new. */
    int add(String text) {
        if (table == null) {
            throw new IllegalStateException("no more names are taken");
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int slot = slot(bytes);
        if (table[slot] != 0) {
            return table[slot] - 1;
        }
        append(bytes);
        table[slot] = size;
        if (3L * size > 2L * table.length) {
            table = new int[Math.multiplyExact(2, table.length)];
            for (int i = 0; i < size; i++) {
                table[slot(bytes(i))] = i + 1;
            }
        }
        return size - 1;
    }

    /** Ends the adding. */
    void freeze() {
        table = null;
        starts = Arrays.copyOf(starts, size);
    }

    String get(int i) {
        return new String(bytes(i), StandardCharsets.UTF_8);
    }

    /** Positions in the order of the texts as Java compares them. */
    int[] sorted() {
        Integer[] order = new Integer[size];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, this::compare);
        return Arrays.stream(order).mapToInt(i -> i).toArray();
    }

    private int compare(int i, int j) {
        byte[] a = blocks[(int) (starts[i] >>> 32)];
        byte[] b = blocks[(int) (starts[j] >>> 32)];
        int fromA = textAt(a, (int) starts[i]);
        int fromB = textAt(b, (int) starts[j]);
        int lengthA = length(a, (int) starts[i]);
        int lengthB = length(b, (int) starts[j]);
        int differs = Arrays.mismatch(a, fromA, fromA + lengthA, b, fromB, fromB + lengthB);
        if (differs < 0 || differs >= Math.min(lengthA, lengthB)) {
            return Integer.compare(lengthA, lengthB);
        }
        int left = a[fromA + differs] & 0xff;
        int right = b[fromB + differs] & 0xff;
        // UTF-16 puts characters of four bytes before some of three, UTF-8 behind them
        return Math.max(left, right) >= 0xf0 ? get(i).compareTo(get(j)) : Integer.compare(left, right);
    }

    private static int textAt(byte[] block, int start) {
        int at = start;
        while (block[at++] < 0) {
            // the last byte of the length is positive
        }
        return at;
    }

    private static int length(byte[] block, int start) {
        int length = 0;
        for (int at = start, shift = 0; ; shift += 7) {
            byte b = block[at++];
            length |= (b & 0x7f) << shift;
            if (b >= 0) {
                return length;
            }
        }
    }

    private byte[] bytes(int i) {
        byte[] block = blocks[(int) (starts[i] >>> 32)];
        int at = textAt(block, (int) starts[i]);
        return Arrays.copyOfRange(block, at, at + length(block, (int) starts[i]));
    }

    private void append(byte[] bytes) {
        int needed = bytes.length + 5;
        if (used + needed > BLOCK) {
            if (++lastBlock == blocks.length) {
                blocks = Arrays.copyOf(blocks, 2 * blocks.length);
            }
            blocks[lastBlock] = new byte[Math.max(BLOCK, needed)];
            used = 0;
        }
        if (size == starts.length) {
            starts = Arrays.copyOf(starts, size + (size >> 1));
        }
        starts[size++] = (long) lastBlock << 32 | used;
        byte[] block = blocks[lastBlock];
        int left = bytes.length;
        for (; left > 0x7f; left >>>= 7) {
            block[used++] = (byte) (left | 0x80);
        }
        block[used++] = (byte) left;
        System.arraycopy(bytes, 0, block, used, bytes.length);
        used += bytes.length;
    }

    private boolean isAt(int i, byte[] bytes) {
        byte[] block = blocks[(int) (starts[i] >>> 32)];
        int at = textAt(block, (int) starts[i]);
        return length(block, (int) starts[i]) == bytes.length
                && Arrays.equals(block, at, at + bytes.length, bytes, 0, bytes.length);
    }

    private int slot(byte[] bytes) {
        int hash = Arrays.hashCode(bytes) * 0x9e3779b9;
        int mask = table.length - 1;
        int slot = (hash ^ hash >>> 15) & mask;
        while (table[slot] != 0 && !isAt(table[slot] - 1, bytes)) {
            slot = slot + 1 & mask;
        }
        return slot;
    }
}
