package io.dino4j.train.cluster.server;

import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.optim.GradientClip;
import java.util.Optional;

/**
 * What one step gathers from all ranks: gradients of this server's range, and values to be summed. All of it is of one view: the first that
 * comes from a newer one drops the rest.
 */
final class StepSum implements AutoCloseable {
    private final int worldSize;
    private final GradientSum gradients;
    private Reductions reductions;
    private double[] squares = {};
    private boolean isMeasured;
    private long view;

    StepSum(GradientSum gradients, int worldSize) {
        this.gradients = gradients;
        this.worldSize = worldSize;
        this.reductions = new Reductions(worldSize);
    }

    /** Begins another step, or this one again. */
    void clear() {
        gradients.clear();
        reductions = new Reductions(worldSize);
        isMeasured = false;
    }

    private void enter(long newView) {
        if (newView != view) {
            clear();
            view = newView;
        }
    }

    /**
     * Takes gradients.
     *
     * @param from place of the first in the range
     * @param values the gradients, unpacked
     * @return true if those were the last
     */
    boolean add(Message.Push m, long from, float[] values) {
        enter(m.attempt().view());
        boolean before = gradients.isComplete();
        gradients.add(m.firstRank(), m.rankCount(), from, values, m.count());
        return gradients.isComplete() && !before;
    }

    /** Takes values; true if those were the last of their tag. */
    boolean add(Message.Reduce m) {
        enter(m.attempt().view());
        return reductions.add(m);
    }

    /** True if the gradients of all ranks are there. */
    boolean isPrepared() {
        return gradients.isComplete();
    }

    /** The sums over ranks. */
    Reductions reductions() {
        return reductions;
    }

    /** The sum of the gradients, once they are all there. */
    ParameterVector sum() {
        return gradients.sum();
    }

    /** The squares of the summed gradients, block by block; empty while some are missing. */
    Optional<double[]> squares(GradientClip clip) {
        if (!isPrepared()) {
            return Optional.empty();
        }
        if (!isMeasured) {
            Backend.loaded().writtenOnHost(gradients.sum().vector());
            squares = clip.blockSquares(gradients.sum());
            isMeasured = true;
        }
        return Optional.of(squares);
    }

    @Override
    public void close() {
        gradients.close();
    }
}
