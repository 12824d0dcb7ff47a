package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The Kozachenko-Leonenko regulariser, which spreads the features of a batch out (arXiv 1806.03198; official
 * {@code koleo_loss.py}): {@code L = - (1/B) sum_i log(|z_i - z_n(i) + eps| + eps)}, {@code z_i = x_i / max(|x_i|, eps)},
 * {@code n(i)} the other row with the largest dot product; eps is added to every component and again to the length.
 *
 * <p>Input: {@code x [G B, D]}, {@code G} groups of rows (one for each global crop: two views of an image must not meet) whose
 * losses are summed. Outputs: {@code L}, a scalar, and {@code n [G B]} of type INT32, row numbers within the whole matrix.
 * Attributes: {@code G}; eps. The choice of the neighbour is not differentiated; both ends of the distance are.
 */
public final class KoLeo extends GraphOp {
    /** For SameDiff. */
    public KoLeo() {}

    /** Adds the op to {@code sd}. */
    public KoLeo(SameDiff sd, SDVariable x, int groups, double eps) {
        super(sd, List.of(x));
        addIArgument(groups);
        addTArgument(eps);
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public DataType outputType(int i, List<DataType> in) {
        return i == 1 ? DataType.INT32 : widened(in.get(0));
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(
                in[0].length == 2 && in[0][0] % attribute(0) == 0 && in[0][0] / attribute(0) > 1,
                "x [G B, D] with %d groups of at least two rows".formatted(attribute(0)),
                in[0]);
        return new long[][] {{}, {in[0][0]}};
    }

    @Override
    protected double flops(long[][] in, boolean[] computed) {
        return 2.0 * in[0][0] * (in[0][0] / attribute(0)) * in[0][1];
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        return Arrays.asList(
                new Grad(sameDiff, List.of(arg(0), outputVariables()[1], grads.get(0)), attribute(0), real(0))
                        .outputVariables());
    }

    /** Gradient. Inputs: {@code x, n, dL}; output {@code dX [G B, D]}. Attributes as forward. */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, long groups, double eps) {
            super(sd, in);
            addIArgument(groups);
            addTArgument(eps);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0]};
        }
    }
}
