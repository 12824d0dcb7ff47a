package io.dino4j.data.vector;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;

/** Fetches some rows of a set. */
public final class RowsTask implements BlockTask<RowsTask.Rows> {
    private static final long serialVersionUID = 1;

    private final int[] index;

    /**
     * Which rows.
     *
     * @param index positions in the set, ascending, each once
     */
    public RowsTask(int[] index) {
        for (int i = 1; i < index.length; i++) {
            if (index[i] <= index[i - 1]) {
                throw new IllegalArgumentException(
                        "rows to be fetched must ascend, got %d after %d".formatted(index[i], index[i - 1]));
            }
        }
        this.index = index;
    }

    /** Rows found so far: stretches of those wanted. */
    public static final class Rows implements Serializable {
        private static final long serialVersionUID = 1;

        private final ArrayList<Integer> at = new ArrayList<>();
        private final ArrayList<float[]> values = new ArrayList<>();
    }

    /**
     * Fetches rows.
     *
     * @param set to fetch from
     * @param index positions, ascending, each once
     * @return {@code [rows, D]} in the order of the positions
     */
    public static float[] fetch(Blocks set, int[] index) {
        if (index.length > 0 && (index[0] < 0 || index[index.length - 1] >= set.size())) {
            throw new IndexOutOfBoundsException(
                    "rows %d to %d are wanted of %d".formatted(index[0], index[index.length - 1], set.size()));
        }
        float[] all = new float[Math.multiplyExact(index.length, set.dimension())];
        Rows rows = set.reduce(new RowsTask(index));
        for (int i = 0; i < rows.at.size(); i++) {
            float[] part = rows.values.get(i);
            System.arraycopy(part, 0, all, rows.at.get(i) * set.dimension(), part.length);
        }
        return all;
    }

    @Override
    public Rows zero() {
        return new Rows();
    }

    @Override
    public void add(Block block, Rows rows) {
        int from = lowerBound(block.first());
        int to = lowerBound(block.first() + block.count());
        if (from == to) {
            return;
        }
        int d = block.dimension();
        float[] found = new float[(to - from) * d];
        float[] row = new float[d];
        if (index[to - 1] - index[from] == to - 1 - from) { // one after another
            block.read(index[from] - block.first(), to - from, found);
        } else {
            for (int i = from; i < to; i++) {
                block.read(index[i] - block.first(), 1, row);
                System.arraycopy(row, 0, found, (i - from) * d, d);
            }
        }
        rows.at.add(from);
        rows.values.add(found);
    }

    private int lowerBound(int row) {
        int at = Arrays.binarySearch(index, row);
        return at >= 0 ? at : -at - 1;
    }

    @Override
    public Rows merge(Rows left, Rows right) {
        left.at.addAll(right.at);
        left.values.addAll(right.values);
        return left;
    }
}
