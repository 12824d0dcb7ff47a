package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Weight normalisation of the prototypes: {@code W_k = g_k v_k / |v_k|}. Inputs {@code g [K, 1]}, {@code v [K, d]}; output
 * {@code W [K, d]}.
 */
public final class WeightNorm extends GraphOp {
    /** For SameDiff. */
    public WeightNorm() {}

    /** Adds the op to {@code sd}. */
    public WeightNorm(SameDiff sd, SDVariable g, SDVariable v) {
        super(sd, List.of(g, v));
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(in[1].length == 2 && size(in[0], 0) == in[1][0], "g [K, 1] and v [K, d]", in);
        return new long[][] {in[1]};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        return Arrays.asList(new Grad(sameDiff, List.of(arg(0), arg(1), grads.get(0))).outputVariables());
    }

    /**
     * Gradient. Inputs: {@code g, v, dW}; outputs {@code dg_k = dW_k . v_k / |v_k|} and
     * {@code dv_k = g_k (dW_k - (dg_k / |v_k|) v_k) / |v_k|}.
     */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in) {
            super(sd, in);
        }

        @Override
        public int getNumOutputs() {
            return 2;
        }

        /** The gradient of the directions may take the place of that of the weight. */
        @Override
        public int inPlaceOf(int i) {
            return i == 1 ? 2 : -1;
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0], in[1]};
        }
    }
}
