package io.dino4j.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Layer normalisation over the last dimension: {@code y = (x - mean) / sqrt(var + eps) * weight + bias}, biased variance.
 *
 * <p>Inputs: {@code x [T, D]}, {@code weight [D]}, {@code bias [D]}. Outputs: {@code y [T, D]}, {@code mean [T]},
 * {@code rstd [T]} (both for the gradient) and, if {@link #hasSkip}, {@code skip [T, D]}: {@code x} itself, for the residual
 * connection to start from, so that the gradient of both paths is one op and no sum of two matrices is left over. Attributes:
 * skip; eps.
 */
public final class LayerNorm extends GraphOp {
    /** For SameDiff. */
    public LayerNorm() {}

    /** Adds the op to {@code sd}. */
    public LayerNorm(SameDiff sd, SDVariable x, SDVariable weight, SDVariable bias, double eps, boolean skip) {
        super(sd, List.of(x, weight, bias));
        addIArgument(skip ? 1 : 0);
        addTArgument(eps);
    }

    /** True if output 3 is the input itself. */
    public boolean hasSkip() {
        return attribute(0) == 1;
    }

    /** Added to the variance. */
    public double eps() {
        return real(0);
    }

    @Override
    public int getNumOutputs() {
        return hasSkip() ? 4 : 3;
    }

    @Override
    public DataType outputType(int i, List<DataType> in) {
        return i == 1 || i == 2 ? widened(in.get(0)) : in.get(0);
    }

    @Override
    public Alias alias(int i) {
        return i == 3 ? new Alias(0, 0) : null;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(in[0].length == 2 && size(in[1], 0) == in[0][1], "x [T, D] and a weight [D]", in[0], in[1]);
        long[] rows = {in[0][0]};
        return hasSkip() ? new long[][] {in[0], rows, rows, in[0]} : new long[][] {in[0], rows, rows};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        SDVariable[] out = outputVariables();
        List<SDVariable> in = new ArrayList<>(List.of(arg(0), arg(1), out[1], out[2], grads.get(0)));
        if (hasSkip()) {
            in.add(grads.get(3));
        }
        return Arrays.asList(new Grad(sameDiff, in).outputVariables());
    }

    /**
     * Gradient. Inputs: {@code x, weight, mean, rstd, dY} and, with a skip path, {@code dSkip [T, D]}; outputs
     * {@code dX} (the gradient through the norm plus {@code dSkip}), {@code dWeight}, {@code dBias}.
     */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in) {
            super(sd, in);
        }

        @Override
        public int getNumOutputs() {
            return 3;
        }

        @Override
        public DataType outputType(int i, List<DataType> in) {
            return i == 0 ? in.get(0) : in.get(1);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0], in[1], in[1]};
        }
    }
}
