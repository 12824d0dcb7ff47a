package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.Message;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The values of a step that workers sum over all ranks, such as rows of Sinkhorn-Knopp and losses; in the order of ranks. */
final class Reductions {
    private static final int MOST_TAGS = 4096;
    private static final long MOST_DOUBLES = 1L << 25;

    /** What has come for a tag; once all has, the first array is the result. */
    private static final class Entry {
        private final Message.Op op;
        private final double[][] values; // per first rank of a run
        private final int[] runLength;
        private double[] result = {};
        private int missing;

        Entry(Message.Op op, int worldSize) {
            this.op = op;
            this.values = new double[worldSize][];
            this.runLength = new int[worldSize];
            this.missing = worldSize;
        }

        /** True if a run of ranks begins at, ends at or holds one that another run holds. */
        boolean overlaps(int firstRank, int rankCount) {
            for (int r = 0; r < values.length; r++) {
                if (values[r] != null && r < firstRank + rankCount && firstRank < r + runLength[r]) {
                    return true;
                }
            }
            return false;
        }

        void combine() {
            result = values[0].clone();
            for (int r = runLength[0]; r < values.length; r += runLength[r]) {
                double[] more = values[r];
                for (int i = 0; i < result.length; i++) {
                    result[i] = op == Message.Op.SUM ? result[i] + more[i] : Math.max(result[i], more[i]);
                }
                values[r] = null;
            }
            values[0] = null;
        }
    }

    private final int worldSize;
    private final Map<Integer, Entry> entries = new HashMap<>();
    private long doubles;

    Reductions(int worldSize) {
        this.worldSize = worldSize;
    }

    /**
     * Takes the values of a run of ranks; what comes twice changes nothing.
     *
     * @return true if those were the last
     * @throws IllegalArgumentException if they do not fit what others sent, or are too many
     */
    boolean add(Message.Reduce m) {
        if (m.firstRank() < 0 || m.rankCount() < 1 || m.rankCount() > worldSize - m.firstRank()) {
            throw new IllegalArgumentException("ranks %d to %d of %d"
                    .formatted(m.firstRank(), (long) m.firstRank() + m.rankCount() - 1, worldSize));
        }
        Entry entry = entries.get(m.tag());
        if (entry == null) {
            if (entries.size() == MOST_TAGS) {
                throw new IllegalArgumentException(
                        "a step may have %d sums over ranks, and no more".formatted(MOST_TAGS));
            }
            entry = new Entry(m.op(), worldSize);
        }
        if (entry.missing == 0
                || entry.values[m.firstRank()] != null && entry.runLength[m.firstRank()] == m.rankCount()) {
            return false;
        }
        requireFit(entry, m);
        entries.put(m.tag(), entry);
        entry.values[m.firstRank()] = m.values();
        entry.runLength[m.firstRank()] = m.rankCount();
        entry.missing -= m.rankCount();
        doubles += m.values().length;
        if (entry.missing > 0) {
            return false;
        }
        doubles -= (long) m.values().length * (runs(entry) - 1);
        entry.combine();
        return true;
    }

    private static int runs(Entry entry) {
        int runs = 0;
        for (double[] values : entry.values) {
            runs += values == null ? 0 : 1;
        }
        return runs;
    }

    private void requireFit(Entry entry, Message.Reduce m) {
        if (entry.op != m.op() || entry.overlaps(m.firstRank(), m.rankCount())) {
            throw new IllegalArgumentException(
                    "sum %d of the step is another one at rank %d than at others".formatted(m.tag(), m.firstRank()));
        }
        for (double[] other : entry.values) {
            if (other != null && other.length != m.values().length) {
                throw new IllegalArgumentException("sum %d of the step has %d values at rank %d and %d at others"
                        .formatted(m.tag(), m.values().length, m.firstRank(), other.length));
            }
        }
        if (doubles + m.values().length > MOST_DOUBLES) {
            throw new IllegalArgumentException("the sums of a step hold more than %d values".formatted(MOST_DOUBLES));
        }
    }

    /** The values of all ranks together; empty while some are missing. */
    Optional<double[]> result(int tag) {
        Entry entry = entries.get(tag);
        return entry == null || entry.missing > 0 ? Optional.empty() : Optional.of(entry.result);
    }
}
