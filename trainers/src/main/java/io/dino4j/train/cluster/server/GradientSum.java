package io.dino4j.train.cluster.server;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The gradients of one step over a range, summed over ranks in their order, so that the bits do not depend on who comes first. The range is
 * cut into pieces; a piece takes the gradients of the rank that is next straight into the sum, and those of later ranks wait beside it.
 * What comes twice is passed by. Memory: the sum, and at most W−1 times as much for what waits.
 */
final class GradientSum implements AutoCloseable {
    private static final int BUFFER = 4096;

    /** What has come of one piece from one run of ranks that is not summed whole yet. */
    private static final class Part {
        private final Spans spans = new Spans();
        private FloatPointer waiting = new FloatPointer(); // null pointer while it goes straight into the sum
    }

    private final int worldSize;
    private final long length;
    private final PiecePool pool;
    private final ParameterVector sum;
    private final FloatPointer target;
    private final Part[][] parts; // per piece and first rank of a run
    private final int[] next; // per piece: the rank that is to be added next
    private final int[] owner; // per rank: first rank of the run it was sent in, or -1
    private final int[] runLength; // per first rank
    private final float[] before = new float[BUFFER];
    private final float[] late = new float[BUFFER];
    private int openPieces;

    /**
     * An empty sum.
     *
     * @param layout of the range
     * @param worldSize ranks (W)
     * @param pool memory for what waits
     */
    GradientSum(ParameterLayout layout, int worldSize, PiecePool pool) {
        this.worldSize = worldSize;
        this.length = layout.length();
        this.pool = pool;
        this.sum = ParameterVector.zeros(layout, DataType.FLOAT);
        this.target = new FloatPointer(sum.vector().data().addressPointer());
        int pieces = (int) ((length + PiecePool.SIZE - 1) / PiecePool.SIZE);
        this.parts = new Part[pieces][worldSize];
        this.next = new int[pieces];
        this.owner = new int[worldSize];
        this.runLength = new int[worldSize];
        clear();
    }

    /** Forgets everything. */
    void clear() {
        for (Part[] piece : parts) {
            for (Part part : piece) {
                if (part != null) {
                    pool.giveBack(part.waiting);
                }
            }
            Arrays.fill(piece, null);
        }
        Arrays.fill(next, 0);
        Arrays.fill(owner, -1);
        openPieces = parts.length;
    }

    /** True if the gradients of all ranks are in the sum. */
    boolean isComplete() {
        return openPieces == 0;
    }

    /** The sum, once it is complete. */
    ParameterVector sum() {
        return sum;
    }

    /**
     * Takes gradients.
     *
     * @param firstRank first of the ranks that they are the sum of
     * @param rankCount how many those are
     * @param from place of the first in the range
     * @param values gradients, from 0 on
     * @param count how many
     * @throws IllegalArgumentException if the ranks overlap a run of ranks that has been sent
     */
    void add(int firstRank, int rankCount, long from, float[] values, int count) {
        claim(firstRank, rankCount);
        long end = from + count;
        for (long at = from; at < end; ) {
            int piece = (int) (at / PiecePool.SIZE);
            long to = Math.min(end, pieceEnd(piece));
            addToPiece(piece, firstRank, at, to, values, from);
            at = to;
        }
    }

    private void claim(int firstRank, int rankCount) {
        if (firstRank < 0 || rankCount < 1 || rankCount > worldSize - firstRank) {
            throw new IllegalArgumentException(
                    "ranks %d to %d of %d".formatted(firstRank, (long) firstRank + rankCount - 1, worldSize));
        }
        if (owner[firstRank] == firstRank && runLength[firstRank] == rankCount) {
            return;
        }
        for (int r = firstRank; r < firstRank + rankCount; r++) {
            if (owner[r] >= 0) {
                throw new IllegalArgumentException("rank %d comes alone and with others".formatted(r));
            }
        }
        Arrays.fill(owner, firstRank, firstRank + rankCount, firstRank);
        runLength[firstRank] = rankCount;
    }

    private long pieceEnd(int piece) {
        return Math.min(length, (piece + 1L) * PiecePool.SIZE);
    }

    private void addToPiece(int piece, int rank, long from, long to, float[] values, long valuesFrom) {
        if (rank < next[piece]) {
            return;
        }
        Part part = parts[piece][rank];
        if (part == null) {
            part = new Part();
            parts[piece][rank] = part;
        }
        if (rank == next[piece]) {
            part.spans.add(from, to, (a, b) -> addToSum(rank, a, values, (int) (a - valuesFrom), (int) (b - a)));
            close(piece);
        } else {
            FloatPointer waiting = part.waiting.isNull() ? pool.take() : part.waiting;
            part.waiting = waiting;
            long start = (long) piece * PiecePool.SIZE;
            part.spans.add(
                    from, to, (a, b) -> waiting.position(a - start).put(values, (int) (a - valuesFrom), (int) (b - a)));
        }
    }

    /** Goes on to the next rank as often as the present one is whole. */
    private void close(int piece) {
        long start = (long) piece * PiecePool.SIZE;
        long whole = pieceEnd(piece) - start;
        Part part = parts[piece][next[piece]];
        while (part != null && part.spans.covered() == whole) {
            parts[piece][next[piece]] = null;
            next[piece] += runLength[next[piece]];
            if (next[piece] == worldSize) {
                openPieces--;
                return;
            }
            part = parts[piece][next[piece]];
            if (part != null) {
                addWaiting(part, next[piece], start);
            }
        }
    }

    private void addWaiting(Part part, int rank, long start) {
        FloatPointer waiting = part.waiting;
        part.spans.forEach((from, to) -> {
            for (long at = from; at < to; at += BUFFER) {
                int n = (int) Math.min(BUFFER, to - at);
                waiting.position(at - start).get(late, 0, n);
                addToSum(rank, at, late, 0, n);
            }
        });
        pool.giveBack(waiting);
        part.waiting = new FloatPointer();
    }

    private void addToSum(int rank, long at, float[] values, int from, int count) {
        if (rank == 0) {
            target.position(at).put(values, from, count);
            return;
        }
        for (int done = 0; done < count; done += BUFFER) {
            int n = Math.min(BUFFER, count - done);
            target.position(at + done).get(before, 0, n);
            for (int i = 0; i < n; i++) {
                before[i] += values[from + done + i];
            }
            target.put(before, 0, n);
        }
    }

    /** Frees the memory. */
    @Override
    public void close() {
        clear();
        sum.vector().close();
    }
}
