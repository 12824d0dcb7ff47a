package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Cross-entropy between teacher targets and student logits over the prototypes, log-softmax and product with the targets in one
 * pass: {@code L = - sum_r w_r sum_j sum_k t[a(r, j), k] log_softmax(s_r / tau)_k} (paper section 4, the DINO and iBOT losses).
 *
 * <p>Inputs: logits {@code s [R, K]}; targets {@code t [Q, K]}; assignment {@code a [R, J]} of type INT32, the target rows that
 * student row {@code r} is compared with; weights {@code w [R]}; rows of weight 0 are skipped. Outputs: {@code L}, a scalar,
 * and {@code lse [R]}, the log-sum-exp of {@code s_r / tau}. Attribute: {@code tau}. Targets and weights are constants of the
 * loss: as in the reference no gradient reaches them.
 */
public final class PrototypeCrossEntropy extends GraphOp {
    /** For SameDiff. */
    public PrototypeCrossEntropy() {}

    /** Adds the op to {@code sd}. */
    public PrototypeCrossEntropy(
            SameDiff sd, SDVariable logits, SDVariable targets, SDVariable assignment, SDVariable weights, double tau) {
        super(sd, List.of(logits, targets, assignment, weights));
        addTArgument(tau);
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(
                in[0][1] == in[1][1] && in[2].length == 2 && in[2][0] == in[0][0] && size(in[3], 0) == in[0][0],
                "logits [R, K], targets [Q, K], assignment [R, J] and weights [R]",
                in);
        return new long[][] {{}, {in[0][0]}};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        List<SDVariable> in = List.of(arg(0), arg(1), arg(2), arg(3), outputVariables()[1], grads.get(0));
        return Arrays.asList(new Grad(sameDiff, in, real(0)).outputVariables());
    }

    /**
     * Gradient. Inputs: {@code s, t, a, w, lse, dL}; output
     * {@code dS_rk = dL w_r / tau sum_j (softmax(s_r / tau)_k sum_i t[a(r, j), i] - t[a(r, j), k])}. Attribute: {@code tau}.
     */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, double tau) {
            super(sd, in);
            addTArgument(tau);
        }

        @Override
        public int inPlaceOf(int i) {
            return 0;
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0]};
        }
    }
}
