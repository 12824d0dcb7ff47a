package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Cuts a matrix into ranges of rows. Input {@code [T, D]}; outputs {@code [T_i, D]} with {@code sum T_i = T}, which are views and
 * cost nothing. Attributes: every {@code T_i}.
 */
public final class SplitRows extends GraphOp {
    /** For SameDiff. */
    public SplitRows() {}

    /** Adds the op to {@code sd}. */
    public SplitRows(SameDiff sd, SDVariable x, long... rows) {
        super(sd, List.of(x));
        addIArgument(rows);
    }

    @Override
    public int getNumOutputs() {
        return numIArguments();
    }

    @Override
    public Alias alias(int i) {
        long row = 0;
        for (int j = 0; j < i; j++) {
            row += attribute(j);
        }
        return new Alias(0, row);
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(Arrays.stream(iArgs()).sum() == in[0][0], "rows that add up to " + Arrays.toString(iArgs()), in[0]);
        return Arrays.stream(iArgs()).mapToObj(t -> new long[] {t, in[0][1]}).toArray(long[][]::new);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        return Arrays.asList(new Grad(sameDiff, grads).outputVariables());
    }

    /** Gradient. Inputs: every {@code dY_i [T_i, D]}; output them below one another, {@code [T, D]}. */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in) {
            super(sd, in);
        }

        @Override
        public boolean isStack() {
            return true;
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {{Arrays.stream(in).mapToLong(s -> s[0]).sum(), in[0][1]}};
        }
    }
}
