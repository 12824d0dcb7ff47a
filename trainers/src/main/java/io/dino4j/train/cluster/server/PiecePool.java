package io.dino4j.train.cluster.server;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.FloatPointer;

/** Native memory in pieces that are lent out over and over; never more than were lent at once. */
final class PiecePool implements AutoCloseable {
    /** Floats of a piece. */
    static final int SIZE = 1 << 16;

    private final Deque<FloatPointer> free = new ArrayDeque<>();
    private int taken;

    /** A piece with anything in it. */
    FloatPointer take() {
        if (free.isEmpty()) {
            taken++;
            return new FloatPointer((long) SIZE);
        }
        return free.pop();
    }

    /** Takes a piece back; nothing happens for a null pointer. */
    void giveBack(FloatPointer piece) {
        if (!piece.isNull()) {
            free.push(piece);
        }
    }

    /** Pieces that exist. */
    int pieces() {
        return taken;
    }

    /** Frees what is not lent. */
    @Override
    public void close() {
        free.forEach(FloatPointer::close);
        free.clear();
    }
}
