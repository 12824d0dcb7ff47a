package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Multi-head self-attention over packed sequences, without ever holding the attention matrices of the whole batch:
 * {@code softmax(q k^T / sqrt(d)) v} in each sequence and head (paper section 5, "sequence packing" and "memory-efficient
 * attention").
 *
 * <p>Input: {@code qkv [T, 3 D]}, the output of the fused projection: columns {@code [q | k | v]}, heads next to each other,
 * {@code d = D / heads} columns each. Outputs: {@code o [T, D]} and {@code lse [T, heads]}, the log-sum-exp of the scaled scores
 * of each query, which the gradient reads. Attributes: heads, then a pair {@code (count, length)} for every group of sequences
 * of equal length, in row order; the last count may be -1: as many as the rows allow.
 */
public final class Attention extends GraphOp {
    /** For SameDiff. */
    public Attention() {}

    /** Adds the op to {@code sd}. */
    public Attention(SameDiff sd, SDVariable qkv, int heads, List<Sequences> groups) {
        super(sd, List.of(qkv));
        addIArgument(heads);
        groups.forEach(g -> addIArgument(g.count(), g.length()));
    }

    /**
     * Sequences of equal length that follow one another.
     *
     * @param count how many; -1 in the last group of a graph for "the rest"
     * @param length tokens in each
     */
    public record Sequences(int count, int length) {}

    /** Number of heads. */
    public int heads() {
        return (int) attribute(0);
    }

    /** The groups, with the last count worked out for {@code rows} tokens. */
    public List<Sequences> groups(long rows) {
        return groups(iArgs(), rows);
    }

    static List<Sequences> groups(long[] attributes, long rows) {
        Sequences[] groups = new Sequences[attributes.length / 2];
        long left = rows;
        for (int g = 0; g < groups.length; g++) {
            int length = (int) attributes[2 + 2 * g];
            long count = attributes[1 + 2 * g];
            if (count < 0) {
                count = left / length;
            }
            groups[g] = new Sequences((int) count, length);
            left -= count * length;
        }
        if (left != 0) {
            throw new IllegalArgumentException(
                    "attention: %d rows do not split into sequences %s".formatted(rows, Arrays.toString(groups)));
        }
        return List.of(groups);
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public DataType outputType(int i, List<DataType> in) {
        return i == 1 ? widened(in.get(0)) : in.get(0);
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(in[0].length == 2 && in[0][1] % (3L * heads()) == 0, "qkv [T, 3 D] for " + heads() + " heads", in[0]);
        groups(in[0][0]);
        return new long[][] {{in[0][0], in[0][1] / 3}, {in[0][0], heads()}};
    }

    @Override
    protected double flops(long[][] in, boolean[] computed) {
        return 2 * product(iArgs(), in[0]);
    }

    /** One of the products of every query with every key, {@code 2 n² D} for a sequence of {@code n}. */
    private static double product(long[] attributes, long[] qkv) {
        return groups(attributes, qkv[0]).stream()
                .mapToDouble(g -> 2.0 * g.count() * g.length() * g.length() * (qkv[1] / 3))
                .sum();
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        SDVariable[] out = outputVariables();
        return Arrays.asList(
                new Grad(sameDiff, List.of(arg(0), out[0], out[1], grads.get(0)), iArgs()).outputVariables());
    }

    /** Gradient. Inputs: {@code qkv, o, lse, dO}; output {@code dQkv [T, 3 D]}. Attributes as forward. */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, long[] attributes) {
            super(sd, in);
            addIArgument(attributes);
        }

        /** Number of heads. */
        public int heads() {
            return (int) attribute(0);
        }

        /** The groups, with the last count worked out for {@code rows} tokens. */
        public List<Sequences> groups(long rows) {
            return Attention.groups(iArgs(), rows);
        }

        /** Four products; that of the scores, which kernels repeat, does not count. */
        @Override
        protected double flops(long[][] in, boolean[] computed) {
            return 4 * product(iArgs(), in[0]);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0]};
        }
    }
}
