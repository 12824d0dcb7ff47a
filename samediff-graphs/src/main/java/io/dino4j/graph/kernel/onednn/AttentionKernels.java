package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_sub;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;

import io.dino4j.graph.op.Attention;
import java.util.List;

/**
 * Attention by tiles: scores, softmax and products of a few sequences, of a few heads or of a range of query rows at a
 * time, so that the scores stay in cache and memory grows with the length of the sequences, not with its square.
 * Queries, keys and values are read where the fused projection wrote them, gradients are written there likewise.
 */
final class AttentionKernels {
    /**
     * Bytes of scores per tile; the gradient has two such arrays. Anything from 1 to 3.4 MB takes the same time on two
     * cores with 2 MB of level-2 cache each; large tiles mean fewer executions. This one holds two images of 257 tokens
     * and six heads.
     */
    private static final long TILE = 13L << 18;

    private AttentionKernels() {}

    /**
     * The shape of one group's problem and of its tiles.
     *
     * @param row first token of the group
     * @param count sequences
     * @param length tokens in each
     * @param heads heads
     * @param size columns of a head
     * @param sequences sequences in a tile
     * @param tileHeads heads in a tile
     * @param queries query rows in a tile
     */
    private record Tiling(
            long row, long count, long length, long heads, long size, long sequences, long tileHeads, long queries) {
        static Tiling of(long row, Attention.Sequences group, long heads, long size) {
            long n = group.length();
            long perHead = n * n * Float.BYTES;
            long sequences = Math.max(1, Math.min(group.count(), TILE / (heads * perHead)));
            long tileHeads = Math.max(1, Math.min(heads, TILE / perHead));
            // long sequences: two heads, one for each core, and as many query rows as fit
            if (perHead > TILE) {
                tileHeads = Math.min(heads, 2);
            }
            long queries = Math.max(1, Math.min(n, TILE / (tileHeads * n * Float.BYTES)));
            if (perHead <= TILE) {
                queries = n;
            }
            // equal tiles, and none of a single row: oneDNN 3.11 gets batched products over one element wrong
            queries = (n + (n + queries - 1) / queries - 1) / ((n + queries - 1) / queries);
            while (queries > 2 && n % queries == 1) {
                queries--;
            }
            return new Tiling(row, group.count(), n, heads, size, sequences, tileHeads, queries);
        }

        long width() {
            return heads * size;
        }

        /** Sequences in the tile that begins with sequence {@code s}. */
        private long sequencesFrom(long s) {
            long most = Math.min(sequences, count - s);
            // oneDNN 3.11 gets products of three times as many sequences as tokens wrong, whatever heads and widths;
            // of all other numbers up to 150 none
            return most == 3 * length ? most - 1 : most;
        }

        /** Calls {@code body} for every tile. */
        void each(Body body) {
            for (long s = 0; s < count; s += sequencesFrom(s)) {
                for (long h = 0; h < heads; h += tileHeads) {
                    for (long q = 0; q < length; q += queries) {
                        body.tile(new Tile(
                                this,
                                row + s * length,
                                sequencesFrom(s),
                                h,
                                Math.min(tileHeads, heads - h),
                                q,
                                Math.min(queries, length - q)));
                    }
                }
            }
        }
    }

    @FunctionalInterface
    private interface Body {
        void tile(Tile tile);
    }

    /** Sequences, heads and query rows of one tile, with views of the arrays. */
    private record Tile(Tiling of, long row, long sequences, long head, long heads, long query, long queries) {
        /** Columns of the heads in part {@code part} of {@code qkv [T, 3 D]}; 0 queries, 1 keys, 2 values. */
        private Tensor part(Tensor qkv, int part, long firstRow, long rows) {
            long stride = qkv.strides()[0];
            return qkv.view(
                    (row + firstRow) * stride + part * of.width() + head * of.size(),
                    new long[] {sequences, heads, rows, of.size()},
                    new long[] {of.length() * stride, of.size(), stride, 1});
        }

        Tensor queries(Tensor qkv) {
            return part(qkv, 0, query, queries);
        }

        Tensor keys(Tensor qkv) {
            return part(qkv, 1, 0, of.length());
        }

        Tensor values(Tensor qkv) {
            return part(qkv, 2, 0, of.length());
        }

        /** The queries' rows of a {@code [T, D]} matrix. */
        Tensor outputs(Tensor o) {
            return part(o, 0, query, queries);
        }

        Tensor scores(Tensor scratch) {
            return scratch.reshape(sequences, heads, queries, of.length());
        }

        boolean first() {
            return query == 0;
        }

        boolean last() {
            return query + queries == of.length();
        }

        long elements() {
            return sequences * heads * queries * of.length();
        }
    }

    private static Tensor swap(Tensor t) {
        long[] d = t.dims();
        long[] s = t.strides();
        return t.view(0, new long[] {d[0], d[1], d[3], d[2]}, new long[] {s[0], s[1], s[3], s[2]});
    }

    static void forward(Program p) {
        Attention op = (Attention) p.call().op();
        Tensor qkv = p.in(0);
        Tensor o = p.out(0);
        Tensor lse = p.out(1);
        long heads = op.heads();
        long size = qkv.columns() / 3 / heads;
        List<Attention.Sequences> groups = op.groups(qkv.rows());
        Tensor scratch = p.scratch(largest(groups, heads, size));
        Primitives does = new Primitives(p);
        Copies copies = new Copies(p, qkv, groups, heads, size);
        double scale = 1 / Math.sqrt(size);
        long row = 0;
        for (Attention.Sequences group : groups) {
            Tiling.of(row, group, heads, size).each(tile -> {
                if (group.length() == 1 && o != null) {
                    does.reorder(tile.values(qkv), tile.outputs(o));
                }
                Tensor scores = tile.scores(scratch);
                does.matmul(
                        copies.operand(tile.queries(qkv), QUERIES),
                        swap(copies.operand(tile.keys(qkv), KEYS)),
                        scores,
                        PostOps.none().scale(scale));
                LogSumExp logSumExp = lse == null ? null : new LogSumExp(tile, scores, qkv, lse);
                if (lse != null) {
                    p.then(logSumExp::keepScores);
                }
                does.softmax(scores, scores);
                if (lse != null) {
                    p.then(logSumExp);
                }
                if (group.length() > 1 && o != null) {
                    Tensor out = tile.outputs(o);
                    does.matmul(
                            copies.operand(scores, SCORES),
                            copies.operand(tile.values(qkv), VALUES),
                            copies.result(out, OUTPUTS),
                            PostOps.none());
                    copies.store(out, OUTPUTS);
                }
            });
            row += (long) group.count() * group.length();
        }
    }

    static void gradient(Program p) {
        Attention.Grad op = (Attention.Grad) p.call().op();
        Tensor qkv = p.in(0);
        Tensor dO = p.in(3);
        Tensor dQkv = p.out(0);
        long heads = op.heads();
        long size = qkv.columns() / 3 / heads;
        List<Attention.Sequences> groups = op.groups(qkv.rows());
        long elements = largest(groups, heads, size);
        Tensor p1 = p.scratch(elements);
        Tensor p2 = p.scratch(elements);
        Primitives does = new Primitives(p);
        Copies copies = new Copies(p, qkv, groups, heads, size);
        double scale = 1 / Math.sqrt(size);
        long row = 0;
        for (Attention.Sequences group : groups) {
            Tiling.of(row, group, heads, size).each(tile -> {
                if (group.length() == 1) {
                    single(does, tile, dO, dQkv);
                    return;
                }
                Tensor probabilities = tile.scores(p1);
                Tensor dScores = tile.scores(p2);
                Tensor queries = copies.operand(tile.queries(qkv), QUERIES);
                Tensor keys = copies.operand(tile.keys(qkv), KEYS);
                Tensor dOut = copies.operand(tile.outputs(dO), OUTPUTS);
                does.matmul(queries, swap(keys), probabilities, PostOps.none().scale(scale));
                does.softmax(probabilities, probabilities);
                does.matmul(
                        swap(copies.operand(probabilities, SCORES)),
                        dOut,
                        copies.result(tile.values(dQkv), D_VALUES),
                        addUnless(tile.first(), PostOps.none()));
                does.matmul(dOut, swap(copies.operand(tile.values(qkv), VALUES)), dScores, PostOps.none());
                does.softmaxBackward(probabilities, dScores, dScores);
                Tensor slopes = copies.operand(dScores, SCORES);
                does.matmul(
                        slopes,
                        keys,
                        copies.result(tile.queries(dQkv), D_QUERIES),
                        PostOps.none().scale(scale));
                does.matmul(
                        swap(slopes),
                        queries,
                        copies.result(tile.keys(dQkv), D_KEYS),
                        addUnless(tile.first(), PostOps.none().scale(scale)));
                copies.store(tile.queries(dQkv), D_QUERIES);
                if (tile.last()) {
                    copies.store(tile.keys(dQkv), D_KEYS);
                    copies.store(tile.values(dQkv), D_VALUES);
                }
            });
            row += (long) group.count() * group.length();
        }
    }

    private static final int QUERIES = 0;
    private static final int KEYS = 1;
    private static final int VALUES = 2;
    private static final int OUTPUTS = 3;
    private static final int D_QUERIES = 4;
    private static final int D_KEYS = 5;
    private static final int D_VALUES = 6;
    private static final int SCORES = 7;

    /** Parts of a tile in the type that products take or give, where that is not how they are stored. */
    private static final class Copies {
        private final Program p;
        private final Primitives does;
        private final int operands;
        private final long elements;
        private final long scores;
        private final Tensor[] rooms = new Tensor[SCORES + 1];

        Copies(Program p, Tensor qkv, List<Attention.Sequences> groups, long heads, long size) {
            this.p = p;
            this.does = new Primitives(p);
            operands = qkv.isNarrow() ? p.mixedProducts().operands() : qkv.type();
            scores = largest(groups, heads, size);
            elements = groups.stream()
                    .map(g -> Tiling.of(0, g, heads, size))
                    .mapToLong(t -> t.sequences() * t.tileHeads() * t.length() * size)
                    .max()
                    .orElse(0);
        }

        private Tensor room(int part, int type, Tensor like) {
            if (rooms[part] == null) {
                rooms[part] = p.scratchOf(type, part == SCORES ? scores : elements);
            }
            return rooms[part].reshape(like.dims());
        }

        Tensor operand(Tensor t, int part) {
            if (t.type() == operands) {
                return t;
            }
            Tensor copy = room(part, operands, t);
            does.reorder(t, copy);
            return copy;
        }

        /** Where a product puts what {@link #store} brings to {@code t}: sums are floats. */
        Tensor result(Tensor t, int part) {
            return t.isNarrow() ? room(part, dnnl_f32, t) : t;
        }

        void store(Tensor t, int part) {
            if (t.isNarrow()) {
                does.reorder(result(t, part), t);
            }
        }
    }

    /** A token that attends to itself only passes its value on: queries and keys have no gradient. */
    private static void single(Primitives does, Tile tile, Tensor dO, Tensor dQkv) {
        Tensor dOut = tile.outputs(dO);
        does.reorder(dOut, tile.values(dQkv));
        does.binary(dnnl_binary_sub, dOut, dOut, tile.queries(dQkv), PostOps.none());
        does.binary(dnnl_binary_sub, dOut, dOut, tile.keys(dQkv), PostOps.none());
    }

    /** Tiles of query rows add up in the gradients of keys and values. */
    private static PostOps addUnless(boolean first, PostOps postOps) {
        return first ? postOps : postOps.accumulate();
    }

    private static long largest(List<Attention.Sequences> groups, long heads, long size) {
        long[] most = {0};
        groups.forEach(g -> Tiling.of(0, g, heads, size).each(t -> most[0] = Math.max(most[0], t.elements())));
        return most[0];
    }

    /**
     * {@code lse = s_j - log p_j} for any key j: the first one, whose score is put aside before softmax overwrites it,
     * unless its probability is too small to have a logarithm of full precision; then the most probable one, whose
     * score is worked out again.
     */
    private static final class LogSumExp implements Runnable {
        private static final float LEAST = 1e-30f;

        private final Tile tile;
        private final Floats scores;
        private final Floats qkv;
        private final Floats lse;
        private final int keys;
        private final int size;
        private final float[] first;
        private final float[] row;
        private final float[] query;
        private final float[] key;
        private final Reduce reduce = new Reduce();

        LogSumExp(Tile tile, Tensor scores, Tensor qkv, Tensor lse) {
            this.tile = tile;
            this.keys = (int) tile.of().length();
            this.size = (int) tile.of().size();
            this.scores = Floats.of(scores.reshape(tile.sequences() * tile.heads() * tile.queries(), keys));
            this.qkv = Floats.of(qkv);
            this.lse = Floats.of(lse);
            first = new float[(int) (tile.sequences() * tile.heads() * tile.queries())];
            row = new float[keys];
            query = new float[size];
            key = new float[size];
        }

        void keepScores() {
            for (int i = 0; i < first.length; i++) {
                first[i] = scores.get(i, 0);
            }
        }

        @Override
        public void run() {
            int i = 0;
            for (int s = 0; s < tile.sequences(); s++) {
                long sequence = tile.row() + (long) s * keys;
                for (int h = 0; h < tile.heads(); h++) {
                    for (int q = 0; q < tile.queries(); q++, i++) {
                        long token = sequence + tile.query() + q;
                        float p = scores.get(i, 0);
                        double value =
                                p > LEAST ? first[i] - Math.log(p) : byLargest(i, sequence, token, tile.head() + h);
                        lse.put(token, tile.head() + h, (float) value);
                    }
                }
            }
        }

        private double byLargest(int i, long sequence, long token, long head) {
            scores.get(i, 0, row, 0, keys);
            int best = 0;
            for (int j = 1; j < keys; j++) {
                if (row[j] > row[best]) {
                    best = j;
                }
            }
            long width = tile.of().width();
            qkv.get(token, head * size, query, 0, size);
            qkv.get(sequence + best, width + head * size, key, 0, size);
            return reduce.dot(query, 0, key, 0, size) / Math.sqrt(size) - Math.log(row[best]);
        }
    }
}
