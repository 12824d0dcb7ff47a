package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * {@link AddRows} where only some rows of the matrix were picked (by {@link GatherRows}), and the branch was evaluated on just those:
 * {@code y[i] = x[i] + alpha_g branch[i]} if row {@code picked[i]} is one that group {@code g} keeps, else {@code y[i] = x[i]}.
 *
 * <p>Inputs: {@code x [M, D]}, {@code branch [M, D]}, {@code picked [M]} of type INT32, rows of a matrix of {@code T}, and
 * {@code kept [K]} of type INT32 without repetition, rows of the same matrix. Output {@code y [M, D]}. Attributes: {@code T}, then for
 * every group the number of kept rows; and {@code alpha_g}.
 */
public final class AddKeptRows extends GraphOp {
    /** For SameDiff. */
    public AddKeptRows() {}

    /**
     * Adds the op to {@code sd}.
     *
     * @param total {@code T}
     * @param rows kept rows of each group
     * @param alphas factor of each group
     */
    public AddKeptRows(
            SameDiff sd,
            SDVariable x,
            SDVariable branch,
            SDVariable picked,
            SDVariable kept,
            long total,
            long[] rows,
            double[] alphas) {
        super(sd, List.of(x, branch, picked, kept));
        addIArgument(total);
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
                Arrays.equals(in[0], in[1]) && in[2][0] == in[0][0] && in[3][0] == keptRows(iArgs()),
                "x [M, D], branch [M, D], picked [M] and kept [K]",
                in);
        return new long[][] {in[0]};
    }

    private static long keptRows(long[] attributes) {
        return Arrays.stream(attributes).skip(1).sum();
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        List<SDVariable> in = List.of(grads.get(0), arg(2), arg(3));
        return List.of(passed(grads.get(0)), new Grad(sameDiff, in, iArgs(), tArgs()).outputVariables()[0]);
    }

    /**
     * The factor of every row of the matrix: {@code alpha_g} if it is kept, else 0.
     *
     * @param op this op or its gradient
     * @param kept its input of that name
     * @param factors {@code [T]}, overwritten
     */
    public static void factors(GraphOp op, int[] kept, double[] factors) {
        Arrays.fill(factors, 0);
        int at = 0;
        for (int g = 1; g < op.numIArguments(); g++) {
            for (long end = at + op.attribute(g); at < end; at++) {
                factors[kept[at]] = op.real(g - 1);
            }
        }
    }

    /** Gradient of the branch. Inputs: {@code dY, picked, kept}; output {@code alpha_g dY[i]}, or 0. Attributes as forward. */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, long[] attributes, double[] alphas) {
            super(sd, in);
            addIArgument(attributes);
            addTArgument(alphas);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0]};
        }
    }
}
