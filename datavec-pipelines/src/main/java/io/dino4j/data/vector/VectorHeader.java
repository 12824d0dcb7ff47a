package io.dino4j.data.vector;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * First 64 bytes of a file: {@code "D4JVECTS"}, then version, type and D as 32-bit and N as 64-bit numbers, little-endian; zeros.
 *
 * @param type of the rows
 * @param dimension D, 1 to {@link #LARGEST_DIMENSION}
 * @param size N, from 0
 */
record VectorHeader(VectorType type, int dimension, long size) {
    static final int BYTES = 64;
    static final int LARGEST_DIMENSION = 65_536;

    private static final int VERSION = 1;
    private static final byte[] MAGIC = "D4JVECTS".getBytes(StandardCharsets.US_ASCII);

    VectorHeader {
        if (dimension < 1 || dimension > LARGEST_DIMENSION) {
            throw new IllegalArgumentException(
                    "vectors have 1 to %d numbers, not %d".formatted(LARGEST_DIMENSION, dimension));
        }
    }

    /** Bytes of the whole file. */
    long fileBytes() {
        return BYTES + size * type.rowBytes(dimension);
    }

    void write(FileChannel channel) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        b.put(MAGIC)
                .putInt(VERSION)
                .putInt(type.code())
                .putInt(dimension)
                .putInt(0)
                .putLong(size);
        b.rewind();
        long at = 0;
        while (b.hasRemaining()) {
            at += channel.write(b, at);
        }
    }

    /** Reads and checks; every message names the file. */
    static VectorHeader read(Path file, FileChannel channel) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (b.hasRemaining() && channel.read(b, b.position()) > 0) {
            // until it is full or the file ends
        }
        byte[] magic = new byte[MAGIC.length];
        boolean whole = !b.hasRemaining();
        b.rewind().get(magic);
        if (!whole || !Arrays.equals(magic, MAGIC)) {
            throw new IOException("%s: is not a file of vectors as dino4j writes it".formatted(file));
        }
        int version = b.getInt();
        if (version != VERSION) {
            throw new IOException(
                    "%s: is of version %d; this dino4j reads version %d".formatted(file, version, VERSION));
        }
        int code = b.getInt();
        int dimension = b.getInt();
        b.getInt();
        long size = b.getLong();
        for (VectorType type : VectorType.values()) {
            if (type.code() == code) {
                return checked(file, type, dimension, size);
            }
        }
        throw new IOException("%s: its header names the unknown type %d".formatted(file, code));
    }

    private static VectorHeader checked(Path file, VectorType type, int dimension, long size) throws IOException {
        if (dimension < 1 || dimension > LARGEST_DIMENSION) {
            throw new IOException("%s: its header says vectors of %d numbers; 1 to %d would be right"
                    .formatted(file, dimension, LARGEST_DIMENSION));
        }
        if (size < 0 || size > Integer.MAX_VALUE) {
            throw new IOException("%s: its header says %d vectors; at most %d are read from one file"
                    .formatted(file, size, Integer.MAX_VALUE));
        }
        return new VectorHeader(type, dimension, size);
    }
}
