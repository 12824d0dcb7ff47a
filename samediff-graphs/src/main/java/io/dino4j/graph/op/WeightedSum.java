package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** The objective: {@code sum_i w_i x_i} of scalars. Attributes: the weights. */
public final class WeightedSum extends GraphOp {
    /** For SameDiff. */
    public WeightedSum() {}

    /** Adds the op to {@code sd}. */
    public WeightedSum(SameDiff sd, List<SDVariable> terms, double[] weights) {
        super(sd, terms);
        addTArgument(weights);
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        for (long[] s : in) {
            check(size(s, 0) == 1, "scalars", s);
        }
        return new long[][] {{}};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        return Arrays.asList(new Grad(sameDiff, grads.get(0), tArgs()).outputVariables());
    }

    /** Gradient. Input: {@code dL}; outputs {@code w_i dL}. Attributes as forward. */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, SDVariable dL, double[] weights) {
            super(sd, List.of(dL));
            addTArgument(weights);
        }

        @Override
        public int getNumOutputs() {
            return numTArguments();
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            long[][] out = new long[numTArguments()][];
            Arrays.fill(out, new long[0]);
            return out;
        }
    }
}
