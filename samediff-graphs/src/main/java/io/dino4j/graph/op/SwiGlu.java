package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * The gate of a SwiGLU feed-forward layer: {@code y = silu(a) * b}. Input {@code [T, 2 h]}, columns {@code [a | b]} (the first
 * half is the gate); output {@code [T, h]}.
 */
public final class SwiGlu extends GraphOp {
    /** For SameDiff. */
    public SwiGlu() {}

    /** Adds the op to {@code sd}. */
    public SwiGlu(SameDiff sd, SDVariable x) {
        super(sd, List.of(x));
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(in[0].length == 2 && in[0][1] % 2 == 0, "x [T, 2 h]", in[0]);
        return new long[][] {{in[0][0], in[0][1] / 2}};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        return Arrays.asList(new Grad(sameDiff, List.of(arg(0), grads.get(0))).outputVariables());
    }

    /** Gradient. Inputs: {@code x, dY}; output {@code dX [T, 2 h]}. */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in) {
            super(sd, in);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0]};
        }
    }
}
