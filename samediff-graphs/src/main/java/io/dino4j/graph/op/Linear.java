package io.dino4j.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A linear layer with everything that follows it in a transformer block:
 * {@code y = residual + gamma * act(x W^T + b)}.
 *
 * <p>Inputs, in order: {@code x [T, I]}; {@code W [O, ...]}, whose other dimensions multiply to {@code I} (so a convolution
 * weight serves as it is); if {@link #hasBias} {@code b [O]}; if {@link #hasGamma} {@code gamma [O]} (layer-scale); if
 * {@link #hasResidual} {@code residual [T, O]}. Output 0: {@code y [T, O]}. With {@link #gelu}, output 1:
 * {@code z = x W^T + b [T, O]}, which only the gradient reads. GELU is the exact one, {@code z Phi(z)}. GELU and layer-scale do
 * not occur together.
 *
 * <p>Activations ({@code x}, residual, outputs) may be BFLOAT16 beside FLOAT parameters: operands of the product are then BFLOAT16,
 * sums are FLOAT.
 */
public final class Linear extends GraphOp {
    /** For SameDiff. */
    public Linear() {}

    /**
     * Adds the op to {@code sd}.
     *
     * @param bias, gamma, residual may be null
     */
    public Linear(
            SameDiff sd,
            SDVariable x,
            SDVariable weight,
            SDVariable bias,
            boolean gelu,
            SDVariable gamma,
            SDVariable residual) {
        super(sd, present(x, weight, bias, gamma, residual));
        if (gelu && gamma != null) {
            throw new IllegalArgumentException("a linear layer has either GELU or layer-scale");
        }
        addIArgument(gelu ? 1 : 0, bias == null ? 0 : 1, gamma == null ? 0 : 1, residual == null ? 0 : 1);
    }

    private Linear(SameDiff sd, SDVariable x, SDVariable weight) {
        super(sd, List.of(x, weight));
        addIArgument(0, 0, 0, 0, 1);
    }

    /** Adds {@code y = x W^T} to {@code sd}, which is FLOAT where {@code x} is BFLOAT16: the logits of a loss. */
    public static Linear logits(SameDiff sd, SDVariable x, SDVariable weight) {
        return new Linear(sd, x, weight);
    }

    private static List<SDVariable> present(SDVariable... in) {
        List<SDVariable> list = new ArrayList<>();
        for (SDVariable v : in) {
            if (v != null) {
                list.add(v);
            }
        }
        return list;
    }

    /** True if GELU follows the bias. */
    public boolean gelu() {
        return attribute(0) == 1;
    }

    /** True if there is a bias. */
    public boolean hasBias() {
        return attribute(1) == 1;
    }

    /** True if there is a layer-scale. */
    public boolean hasGamma() {
        return attribute(2) == 1;
    }

    /** True if there is a residual. */
    public boolean hasResidual() {
        return attribute(3) == 1;
    }

    @Override
    public int getNumOutputs() {
        return gelu() ? 2 : 1;
    }

    @Override
    public DataType outputType(int i, List<DataType> in) {
        boolean logits = numIArguments() > 4 && attribute(4) == 1;
        return logits ? widened(in.get(0)) : in.get(0);
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(in[0].length == 2 && size(in[1], 1) == in[0][1], "x [T, I] and a weight [O, I]", in[0], in[1]);
        long[] y = {in[0][0], in[1][0]};
        if (hasResidual()) {
            check(Arrays.equals(in[in.length - 1], y), "a residual of the shape of the output", in[in.length - 1], y);
        }
        return gelu() ? new long[][] {y, y} : new long[][] {y};
    }

    @Override
    protected double flops(long[][] in, boolean[] computed) {
        return product(in);
    }

    /** {@code 2 T I O}. */
    private static double product(long[][] in) {
        return 2.0 * in[0][0] * in[0][1] * in[1][0];
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        List<SDVariable> in = new ArrayList<>();
        int a = 2;
        in.add(arg(0));
        in.add(arg(1));
        if (hasBias()) {
            in.add(arg(a++));
        }
        if (hasGamma()) {
            in.add(arg(a));
        }
        if (gelu()) {
            in.add(outputVariables()[1]);
        }
        in.add(grads.get(0));
        List<SDVariable> out =
                new ArrayList<>(Arrays.asList(new Grad(sameDiff, in, gelu(), hasBias(), hasGamma()).outputVariables()));
        if (hasResidual()) {
            out.add(passed(grads.get(0)));
        }
        return out;
    }

    /**
     * Gradient. Inputs: {@code x, W, [b], [gamma], [z], dY}; outputs: {@code dX, dW, [db], [dGamma]} (the residual's gradient is
     * {@code dY} itself). With {@code u = dY * act'(z)}, {@code G = u^T x} and {@code s = sum_t u}:
     * {@code dW = gamma * G} by rows, {@code db = gamma * s}, {@code dGamma_o = G_o . W_o + b_o s_o},
     * {@code dX = u (gamma * W)}.
     */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, boolean gelu, boolean bias, boolean gamma) {
            super(sd, in);
            addIArgument(gelu ? 1 : 0, bias ? 1 : 0, gamma ? 1 : 0);
        }

        /** True if GELU follows the bias. */
        public boolean gelu() {
            return attribute(0) == 1;
        }

        /** True if there is a bias. */
        public boolean hasBias() {
            return attribute(1) == 1;
        }

        /** True if there is a layer-scale. */
        public boolean hasGamma() {
            return attribute(2) == 1;
        }

        @Override
        public int getNumOutputs() {
            return 2 + (hasBias() ? 1 : 0) + (hasGamma() ? 1 : 0);
        }

        @Override
        protected double flops(long[][] in, boolean[] computed) {
            return product(in) * ((computed[0] ? 1 : 0) + (computed[1] ? 1 : 0));
        }

        @Override
        public DataType outputType(int i, List<DataType> in) {
            return in.get(i);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return Arrays.copyOf(in, getNumOutputs());
        }
    }
}
