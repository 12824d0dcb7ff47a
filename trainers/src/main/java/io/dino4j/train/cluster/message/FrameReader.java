package io.dino4j.train.cluster.message;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads the fields of a message; nothing beyond the frame is read, and no memory taken for more than is in it. */
final class FrameReader {
    private final ByteBuffer in;

    /** Reads from the frame's position to its limit; both stay. */
    FrameReader(ByteBuffer frame) {
        in = frame.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    int integer() throws MalformedMessageException {
        require(Integer.BYTES);
        return in.getInt();
    }

    /** An int from {@code least} to {@code most}. */
    int integer(String what, int least, int most) throws MalformedMessageException {
        int value = integer();
        if (value < least || value > most) {
            throw new MalformedMessageException("%s must be %d to %d, got %d".formatted(what, least, most, value));
        }
        return value;
    }

    long number() throws MalformedMessageException {
        require(Long.BYTES);
        return in.getLong();
    }

    /** A long that is 0 or more. */
    long count(String what) throws MalformedMessageException {
        long value = number();
        if (value < 0) {
            throw new MalformedMessageException("%s must be 0 or more, got %d".formatted(what, value));
        }
        return value;
    }

    double real() throws MalformedMessageException {
        require(Double.BYTES);
        return in.getDouble();
    }

    boolean flag() throws MalformedMessageException {
        require(1);
        byte value = in.get();
        if (value != 0 && value != 1) {
            throw new MalformedMessageException("a flag must be 0 or 1, got " + value);
        }
        return value == 1;
    }

    <E extends Enum<E>> E choice(E[] choices) throws MalformedMessageException {
        return choices[integer(choices[0].getDeclaringClass().getSimpleName(), 0, choices.length - 1)];
    }

    Attempt attempt() throws MalformedMessageException {
        return new Attempt(count("generation"), count("view"), count("step"));
    }

    String string() throws MalformedMessageException {
        require(Short.BYTES);
        return text("a string", Short.toUnsignedInt(in.getShort()), Limits.STRING);
    }

    String longString(String what, int most) throws MalformedMessageException {
        return text(what, integer(), most);
    }

    private String text(String what, int length, int most) throws MalformedMessageException {
        ByteBuffer bytes = slice(what, length, 1, most);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedMessageException(what + " is not UTF-8");
        }
    }

    byte[] bytes(String what, int most) throws MalformedMessageException {
        ByteBuffer bytes = slice(what, integer(), 1, most);
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return copy;
    }

    long[] longs(String what, int most) throws MalformedMessageException {
        ByteBuffer bytes = slice(what, integer(), Long.BYTES, most);
        long[] values = new long[bytes.remaining() / Long.BYTES];
        bytes.asLongBuffer().get(values);
        return values;
    }

    double[] doubles(String what, int most) throws MalformedMessageException {
        ByteBuffer bytes = slice(what, integer(), Double.BYTES, most);
        double[] values = new double[bytes.remaining() / Double.BYTES];
        bytes.asDoubleBuffer().get(values);
        return values;
    }

    /** A view of bytes of the frame. */
    ByteBuffer payload(String what) throws MalformedMessageException {
        return slice(what, integer(), 1, Limits.PAYLOAD);
    }

    /** A view of floats in the frame. */
    ByteBuffer floats(String what) throws MalformedMessageException {
        return slice(what, integer(), Float.BYTES, Limits.FLOATS);
    }

    private ByteBuffer slice(String what, int count, int size, int most) throws MalformedMessageException {
        if (count < 0 || count > most) {
            throw new MalformedMessageException("%s has length %d, and may have 0 to %d".formatted(what, count, most));
        }
        int bytes = count * size;
        require(bytes);
        ByteBuffer slice = in.slice(in.position(), bytes).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + bytes);
        return slice;
    }

    private void require(int bytes) throws MalformedMessageException {
        if (in.remaining() < bytes) {
            throw new MalformedMessageException("%d bytes are due, and %d are left".formatted(bytes, in.remaining()));
        }
    }

    /** The end of the message must be that of the frame. */
    void end() throws MalformedMessageException {
        if (in.hasRemaining()) {
            throw new MalformedMessageException("%d bytes too many".formatted(in.remaining()));
        }
    }
}
