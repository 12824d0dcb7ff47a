package io.dino4j.train.cluster.message;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes the fields of a message, the counterpart of {@link FrameReader}. Bulk at the end of a message is left where it is. */
final class FrameWriter {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ByteBuffer out;
    private ByteBuffer bulk = NOTHING;

    FrameWriter(ByteBuffer frame) {
        out = frame.order(ByteOrder.LITTLE_ENDIAN);
    }

    void integer(int value) {
        out.putInt(value);
    }

    void number(long value) {
        out.putLong(value);
    }

    void real(double value) {
        out.putDouble(value);
    }

    void flag(boolean value) {
        out.put((byte) (value ? 1 : 0));
    }

    void choice(Enum<?> value) {
        out.putInt(value.ordinal());
    }

    void attempt(Attempt attempt) {
        number(attempt.generation());
        number(attempt.view());
        number(attempt.step());
    }

    void string(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        requireLength("a string", bytes.length, Limits.STRING);
        out.putShort((short) bytes.length).put(bytes);
    }

    void longString(String what, String text, int most) {
        bytes(what, text.getBytes(StandardCharsets.UTF_8), most);
    }

    void bytes(String what, byte[] bytes, int most) {
        requireLength(what, bytes.length, most);
        out.putInt(bytes.length).put(bytes);
    }

    void longs(String what, long[] values, int most) {
        requireLength(what, values.length, most);
        out.putInt(values.length);
        out.asLongBuffer().put(values);
        out.position(out.position() + values.length * Long.BYTES);
    }

    void doubles(String what, double[] values, int most) {
        requireLength(what, values.length, most);
        out.putInt(values.length);
        out.asDoubleBuffer().put(values);
        out.position(out.position() + values.length * Double.BYTES);
    }

    /** The last field of a message. */
    void payload(String what, ByteBuffer bytes) {
        requireLength(what, bytes.remaining(), Limits.PAYLOAD);
        out.putInt(bytes.remaining());
        bulk = bytes;
    }

    /** The last field of a message. */
    void floats(String what, ByteBuffer floats) {
        requireLength(what, floats.remaining(), Limits.PAYLOAD);
        if (floats.remaining() % Float.BYTES != 0) {
            throw new IllegalArgumentException("%d bytes are no floats".formatted(floats.remaining()));
        }
        out.putInt(floats.remaining() / Float.BYTES);
        bulk = floats;
    }

    /** What has to follow what was written; empty for most messages. */
    ByteBuffer bulk() {
        return bulk;
    }

    private static void requireLength(String what, int length, int most) {
        if (length > most) {
            throw new IllegalArgumentException("%s may have length %d, got %d".formatted(what, most, length));
        }
    }
}
