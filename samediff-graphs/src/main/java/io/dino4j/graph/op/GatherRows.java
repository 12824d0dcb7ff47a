package io.dino4j.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Picks rows: {@code y[i] = x[index[i]]}.
 *
 * <p>Inputs: {@code x [T, D]}, {@code index [M]} of type INT32; a row may be picked more than once. Outputs: {@code y [M, D]} and, if
 * {@link #hasSkip}, {@code skip [T, D]}: {@code x} itself, for the residual connection to start from (see {@link LayerNorm}).
 */
public final class GatherRows extends GraphOp {
    /** For SameDiff. */
    public GatherRows() {}

    /** Adds the op to {@code sd}. */
    public GatherRows(SameDiff sd, SDVariable x, SDVariable index, boolean skip) {
        super(sd, List.of(x, index));
        addIArgument(skip ? 1 : 0);
    }

    /** True if output 1 is the input itself. */
    public boolean hasSkip() {
        return attribute(0) == 1;
    }

    @Override
    public int getNumOutputs() {
        return hasSkip() ? 2 : 1;
    }

    @Override
    public Alias alias(int i) {
        return i == 1 ? new Alias(0, 0) : null;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(in[0].length == 2 && in[1].length == 1, "x [T, D] and an index [M]", in[0], in[1]);
        long[] y = {in[1][0], in[0][1]};
        return hasSkip() ? new long[][] {y, in[0]} : new long[][] {y};
    }

    /** Only the rows that are picked. */
    @Override
    protected long elementsRead(int i, long[][] in) {
        return i == 0 ? in[1][0] * in[0][1] : super.elementsRead(i, in);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        List<SDVariable> in = new ArrayList<>(List.of(arg(0), arg(1), grads.get(0)));
        if (hasSkip()) {
            in.add(grads.get(1));
        }
        return Arrays.asList(new Grad(sameDiff, in).outputVariables());
    }

    /**
     * Gradient. Inputs: {@code x} (for its shape), {@code index, dY} and, with a skip path, {@code dSkip [T, D]}; output
     * {@code dX = dSkip}, or zero, plus the rows of {@code dY} added where they were taken from.
     */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in) {
            super(sd, in);
        }

        @Override
        public boolean readsInput(int i) {
            return i > 0;
        }

        /** The skip path's gradient. */
        @Override
        public int inPlaceOf(int i) {
            return args().length > 3 ? 3 : -1;
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0]};
        }
    }
}
