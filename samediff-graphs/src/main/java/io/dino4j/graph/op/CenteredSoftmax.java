package io.dino4j.graph.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Softmax-centring targets, the other choice beside {@link Sinkhorn}: {@code softmax((t - c) / tau)}.
 *
 * <p>Inputs: logits {@code t [R, K]}; centre {@code c [1, K]}; {@code tau}, a scalar; {@code valid}, an INT32 scalar: rows from
 * there on are padding and come back as zeros. Outputs: targets {@code [R, K]} and {@code mean [1, K]}, the mean of the valid
 * logits over all workers, from which the next step's centre is made. It has no gradient.
 */
public final class CenteredSoftmax extends GraphOp {
    /** For SameDiff. */
    public CenteredSoftmax() {}

    /** Adds the op to {@code sd}. */
    public CenteredSoftmax(SameDiff sd, SDVariable logits, SDVariable center, SDVariable tau, SDVariable valid) {
        super(sd, List.of(logits, center, tau, valid));
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(in[0].length == 2 && size(in[1], 0) == in[0][1], "logits [R, K] and a centre [1, K]", in[0], in[1]);
        return new long[][] {in[0], {1, in[0][1]}};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        throw new UnsupportedOperationException("centred softmax makes targets, which have no gradient");
    }
}
