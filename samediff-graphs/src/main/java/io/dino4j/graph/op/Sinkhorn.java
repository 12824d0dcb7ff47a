package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Sinkhorn-Knopp targets: balances {@code Q = exp(t / tau)} so that all prototypes are used equally (SwAV; paper section 4).
 * {@code Q} is divided by its total; {@code n} times every prototype is divided by its sum over the samples and by {@code K}, then
 * every sample by its sum over the prototypes and by the number of samples; finally it is multiplied by the number of samples, so
 * that rows sum to 1. The largest logit is subtracted first, which changes nothing but makes every logit safe.
 *
 * <p>Inputs: logits {@code t [R, K]}; {@code tau}, a scalar; {@code valid}, an INT32 scalar: rows from there on are padding, are left
 * out and come back as zeros. Output: {@code [R, K]}. Attribute: {@code n}. With several workers, prototype sums, total, largest
 * logit and number of samples are taken over all of them (see {@link io.dino4j.graph.kernel.Collective}).
 */
public final class Sinkhorn extends GraphOp {
    /** For SameDiff. */
    public Sinkhorn() {}

    /** Adds the op to {@code sd}. */
    public Sinkhorn(SameDiff sd, SDVariable logits, SDVariable tau, SDVariable valid, int iterations) {
        super(sd, List.of(logits, tau, valid));
        addIArgument(iterations);
    }

    @Override
    public int inPlaceOf(int i) {
        return 0;
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        check(in[0].length == 2, "logits [R, K]", in[0]);
        return new long[][] {in[0]};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        List<SDVariable> in = List.of(arg(0), arg(1), arg(2), grads.get(0));
        return Arrays.asList(new Grad(sameDiff, in, attribute(0)).outputVariables());
    }

    /**
     * Gradient, through all iterations, of a single worker. Inputs: {@code t, tau, valid, dQ}; output {@code dT [R, K]}. The
     * recipe never asks for it (targets are constants of its losses).
     */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, long iterations) {
            super(sd, in);
            addIArgument(iterations);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0]};
        }
    }
}
