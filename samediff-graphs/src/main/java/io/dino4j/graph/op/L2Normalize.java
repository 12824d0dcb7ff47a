package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Scales rows to unit length: {@code y = x / max(|x|, eps)}. Input {@code x [R, D]}; outputs {@code y [R, D]} and
 * {@code norm [R]}, the divisor. Attribute: eps.
 */
public final class L2Normalize extends GraphOp {
    /** For SameDiff. */
    public L2Normalize() {}

    /** Adds the op to {@code sd}. */
    public L2Normalize(SameDiff sd, SDVariable x, double eps) {
        super(sd, List.of(x));
        addTArgument(eps);
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
        check(in[0].length == 2, "x [R, D]", in[0]);
        return new long[][] {in[0], {in[0][0]}};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        SDVariable[] out = outputVariables();
        return Arrays.asList(new Grad(sameDiff, List.of(out[0], out[1], grads.get(0)), real(0)).outputVariables());
    }

    /**
     * Gradient. Inputs: {@code y, norm, dY}; output {@code dX = (dY - y (y . dY)) / norm}, or {@code dY / eps} for a row
     * shorter than eps. Attribute: eps.
     */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, double eps) {
            super(sd, in);
            addTArgument(eps);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0]};
        }
    }
}
