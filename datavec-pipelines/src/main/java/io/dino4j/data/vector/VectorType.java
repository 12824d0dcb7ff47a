package io.dino4j.data.vector;

import java.nio.ByteBuffer;

/** How the numbers of a row are kept in a {@link VectorFile}. All is little-endian; rows lie one after another without gaps. */
public enum VectorType {
    /** 4 bytes a number, exact. */
    FLOAT32(1, 4, 0) {
        @Override
        void encode(float[] rows, int at, int dimension, ByteBuffer to) {
            for (int i = 0; i < dimension; i++) {
                to.putFloat(rows[at + i]);
            }
        }

        @Override
        void decode(ByteBuffer from, int at, int dimension, float[] out, int to) {
            for (int i = 0; i < dimension; i++) {
                out[to + i] = from.getFloat(at + 4 * i);
            }
        }
    },
    /** 2 bytes a number, IEEE 754 binary16: 11 significant bits, up to 65504, rounded to the nearest, ties to even. */
    FLOAT16(2, 2, 0) {
        @Override
        void encode(float[] rows, int at, int dimension, ByteBuffer to) {
            for (int i = 0; i < dimension; i++) {
                to.putShort(Half.of(rows[at + i]));
            }
        }

        @Override
        void decode(ByteBuffer from, int at, int dimension, float[] out, int to) {
            for (int i = 0; i < dimension; i++) {
                out[to + i] = Half.toFloat(from.getShort(at + 2 * i));
            }
        }
    },
    /** 1 byte a number after 4 bytes of a scale: {@code x ≈ scale * q}, q from -127 to 127, scale = max|x| / 127. */
    INT8(3, 1, 4) {
        @Override
        void encode(float[] rows, int at, int dimension, ByteBuffer to) {
            float most = 0;
            for (int i = 0; i < dimension; i++) {
                most = Math.max(most, Math.abs(rows[at + i]));
            }
            float scale = most / 127;
            to.putFloat(scale);
            for (int i = 0; i < dimension; i++) {
                to.put((byte) (scale == 0 ? 0 : Math.max(-127, Math.min(127, Math.rint(rows[at + i] / scale)))));
            }
        }

        @Override
        void decode(ByteBuffer from, int at, int dimension, float[] out, int to) {
            float scale = from.getFloat(at);
            for (int i = 0; i < dimension; i++) {
                out[to + i] = scale * from.get(at + 4 + i);
            }
        }
    };

    private final int code;
    private final int bytes;
    private final int head;

    VectorType(int code, int bytes, int head) {
        this.code = code;
        this.bytes = bytes;
        this.head = head;
    }

    /** Its number in the header of a file. */
    int code() {
        return code;
    }

    /**
     * Bytes that a row takes.
     *
     * @param dimension D
     */
    public int rowBytes(int dimension) {
        return head + bytes * dimension;
    }

    /** Appends one row, {@code rows[at .. at + D)}, at the buffer's position. */
    abstract void encode(float[] rows, int at, int dimension, ByteBuffer to);

    /** Reads the row that begins at byte {@code at} of the buffer to {@code out[to .. to + D)}; moves no position. */
    abstract void decode(ByteBuffer from, int at, int dimension, float[] out, int to);
}
