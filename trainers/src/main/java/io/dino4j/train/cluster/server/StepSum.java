package io.dino4j.train.cluster.server;

import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.optim.GradientClip;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What one step gathers: from all ranks gradients of this server's range and values to be summed, from rank 0 what the step leaves for the
 * next. All of it is of one view: the first that comes from a newer one drops the rest.
 */
final class StepSum implements AutoCloseable {
    private final int worldSize;
    private final GradientSum gradients;
    private final ByteBuffer extras;
    private Spans keptExtras = new Spans();
    private Reductions reductions;
    private double[] squares = {};
    private boolean isMeasured;
    private long view;

    /** Gathers nothing yet; the step is to leave as many floats of extras. */
    StepSum(GradientSum gradients, int worldSize, int extras) {
        this.gradients = gradients;
        this.worldSize = worldSize;
        this.extras = ByteBuffer.allocate(Math.multiplyExact(extras, Float.BYTES));
        this.reductions = new Reductions(worldSize);
    }

    /** Begins another step, or this one again. */
    void clear() {
        gradients.clear();
        reductions = new Reductions(worldSize);
        keptExtras = new Spans();
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
     * @return true if now nothing is missing any more
     */
    boolean add(Message.Push m, long from, float[] values) {
        enter(m.attempt().view());
        boolean before = isPrepared();
        gradients.add(m.firstRank(), m.rankCount(), from, values, m.count());
        return isPrepared() && !before;
    }

    /** Takes part of what the step leaves, inside its length; true if now nothing is missing any more. */
    boolean add(Message.Keep m) {
        enter(m.attempt().view());
        boolean before = isPrepared();
        long offset = m.offset();
        keptExtras.add(offset, offset + m.floats().remaining() / Float.BYTES, (from, to) -> {
            int at = m.floats().position() + (int) (from - offset) * Float.BYTES;
            extras.put((int) from * Float.BYTES, m.floats(), at, (int) (to - from) * Float.BYTES);
        });
        return isPrepared() && !before;
    }

    /** Takes values; true if those were the last of their tag. */
    boolean add(Message.Reduce m) {
        enter(m.attempt().view());
        return reductions.add(m);
    }

    /** True if the gradients of all ranks are there, and what the step leaves. */
    boolean isPrepared() {
        return gradients.isComplete() && keptExtras.covered() * Float.BYTES == extras.capacity();
    }

    /** What the step leaves, once it is all there: 32-bit floats, little-endian. */
    ByteBuffer extras() {
        return extras.duplicate().clear();
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
