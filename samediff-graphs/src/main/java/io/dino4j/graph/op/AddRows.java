package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Adds scaled rows to some rows of a matrix: {@code y = x}, then {@code y[index[i]] += alpha_g branch[i]} for the rows
 * {@code i} of group {@code g}. It ends a residual branch that stochastic depth evaluated on part of the batch, with
 * {@code alpha_g = B_g / kept_g} (paper section 5, "efficient stochastic depth").
 *
 * <p>Inputs: {@code x [T, D]}, {@code branch [M, D]}, {@code index [M]} of type INT32 without repetition. Output {@code y [T, D]}.
 * Attributes: for every group the number of rows, and {@code alpha_g}.
 */
public final class AddRows extends GraphOp {
    /** For SameDiff. */
    public AddRows() {}

    /**
     * Adds the op to {@code sd}.
     *
     * @param rows rows of {@code branch} in each group
     * @param alphas factor of each group
     */
    public AddRows(SameDiff sd, SDVariable x, SDVariable branch, SDVariable index, long[] rows, double[] alphas) {
        super(sd, List.of(x, branch, index));
        addIArgument(rows);
        addTArgument(alphas);
    }

    @Override
    public int inPlaceOf(int i) {
        return 0;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(
                Arrays.stream(iArgs()).sum() == in[1][0] && in[1][0] == in[2][0] && in[0][1] == in[1][1],
                "x [T, D], branch [M, D] and index [M]",
                in);
        return new long[][] {in[0]};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        SDVariable branch = new Grad(sameDiff, List.of(grads.get(0), arg(2)), iArgs(), tArgs()).outputVariables()[0];
        return List.of(passed(grads.get(0)), branch);
    }

    /** Gradient of the branch. Inputs: {@code dY, index}; output {@code alpha_g dY[index[i]]}. Attributes as forward. */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, long[] rows, double[] alphas) {
            super(sd, in);
            addIArgument(rows);
            addTArgument(alphas);
        }

        /** Only the rows that are picked. */
        @Override
        protected long elementsRead(int i, long[][] in) {
            return i == 0 ? in[1][0] * in[0][1] : super.elementsRead(i, in);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {{in[1][0], in[0][1]}};
        }
    }
}
