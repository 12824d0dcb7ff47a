package io.dino4j.train.cluster.server;

import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.optim.AdamW;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.Optimization;
import io.dino4j.train.optim.Shard;
import io.dino4j.train.optim.Workers;
import io.dino4j.train.schedule.Hyper;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The server's range of student, teacher and moments, and the extras if it keeps them, in native memory; and the update of all that. */
final class ShardState implements AutoCloseable {
    private final Plan plan;
    private final Shard shard;
    private final List<String> subNetworks;
    private final AdamW optimizer;
    private final GradientClip clip;
    private final ParameterVector student;
    private final ParameterVector teacher;
    private final Optional<INDArray> extras;

    ShardState(Plan plan, Workers workers) {
        this.plan = plan;
        shard = plan.shard();
        subNetworks = plan.part().subNetworks();
        student = ParameterVector.zeros(plan.part().layout(), DataType.FLOAT);
        teacher = ParameterVector.zeros(plan.part().layout(), DataType.FLOAT);
        long more = plan.length(StateVector.EXTRAS);
        extras = more == 0 ? Optional.empty() : Optional.of(Nd4j.zeros(DataType.FLOAT, more));
        Optimization optimization = new Optimization(plan.optim(), plan.part(), workers);
        optimizer = optimization.adamW();
        clip = optimization.clip();
    }

    /** Who sums the squares of a range; the clipping itself is the workers' affair. */
    GradientClip clip() {
        return clip;
    }

    long optimizerSteps() {
        return optimizer.steps();
    }

    void restoreSteps(long optimizerSteps) {
        optimizer.restoreSteps(optimizerSteps);
    }

    /** All vectors that there are here, as they lie in memory. */
    Map<StateVector, INDArray> vectors() {
        Map<StateVector, INDArray> vectors = new EnumMap<>(StateVector.class);
        for (StateVector v : StateVector.values()) {
            if (plan.length(v) > 0) {
                vectors.put(v, vector(v));
            }
        }
        return vectors;
    }

    private INDArray vector(StateVector which) {
        return switch (which) {
            case STUDENT -> student.vector();
            case TEACHER -> teacher.vector();
            case FIRST -> optimizer.firstMoment().vector();
            case SECOND -> optimizer.secondMoment().vector();
            case EXTRAS -> extras.orElseThrow();
        };
    }

    /**
     * Memory of a part of a vector, for reading and writing.
     *
     * @param offset in the whole vector
     * @param count floats
     * @throws IllegalArgumentException if it is not in this range
     */
    ByteBuffer bytes(StateVector which, long offset, int count) {
        requireInside(which, offset, count);
        Backend.loaded().toHost(vector(which));
        Backend.loaded().writtenOnHost(vector(which)); // or is about to be
        return Backend.bytes(
                vector(which).data().addressPointer(),
                (offset - from(which)) * Float.BYTES,
                (long) count * Float.BYTES);
    }

    private long from(StateVector which) {
        return which == StateVector.EXTRAS ? 0 : shard.from();
    }

    void requireInside(StateVector which, long offset, long count) {
        long from = from(which);
        long to = from + plan.length(which);
        if (count < 1 || offset < from || count > to - offset) {
            throw new IllegalArgumentException(
                    "%d floats from %d on are not in this server's range, %d to %d".formatted(count, offset, from, to));
        }
    }

    /** Replaces the extras, if there are any here. */
    void keep(ByteBuffer floats) {
        if (floats.hasRemaining()) {
            bytes(StateVector.EXTRAS, 0, floats.remaining() / Float.BYTES).put(floats);
        }
    }

    /**
     * One update.
     *
     * @param gradients summed over all ranks
     * @throws IllegalArgumentException if a number of the commit is out of range
     */
    void update(ParameterVector gradients, Message.Commit c) {
        requireSane(c);
        optimizer.update(
                student,
                gradients,
                new GradientClip.Clipping(subNetworks, new double[c.factors().length], c.factors()),
                teacher,
                new Hyper(c.lr(), c.weightDecay(), c.momentum(), 0, c.lastLayerLr()));
    }

    private void requireSane(Message.Commit c) {
        boolean rates = c.lr() >= 0 && c.lastLayerLr() >= 0 && c.weightDecay() >= 0;
        boolean finite = Double.isFinite(c.lr() + c.lastLayerLr() + c.weightDecay());
        if (!rates || !finite || !(c.momentum() >= 0 && c.momentum() <= 1)) {
            throw new IllegalArgumentException("learning rates %s and %s, weight decay %s and momentum %s make no step"
                    .formatted(c.lr(), c.lastLayerLr(), c.weightDecay(), c.momentum()));
        }
        if (c.factors().length != subNetworks.size()) {
            throw new IllegalArgumentException(
                    "expected a factor for each of %s, got %d".formatted(subNetworks, c.factors().length));
        }
        for (double factor : c.factors()) {
            if (!(factor >= 0 && factor <= 1)) {
                throw new IllegalArgumentException("a factor must be 0 to 1, got " + factor);
            }
        }
    }

    @Override
    public void close() {
        vectors().values().forEach(INDArray::close);
    }
}
