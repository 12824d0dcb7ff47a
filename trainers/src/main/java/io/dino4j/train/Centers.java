package io.dino4j.train;

import io.dino4j.graph.exec.Backend;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The centre of the teacher's logits for softmax-centring, {@code c <- 0.9 c + 0.1 mean} (official {@code dino_clstoken_loss.py}). The mean of
 * a step enters at the start of the next step.
 */
final class Centers {
    private static final double MOMENTUM = 0.9;

    /** {@code [1, K]}, as the targets of the current step use it. */
    final INDArray center;
    /** {@code [1, K]}, mean of the logits of the last step. */
    final INDArray mean;

    private boolean pending;

    Centers(DataType type, int prototypes) {
        center = Nd4j.zeros(type, 1, prototypes);
        mean = Nd4j.zeros(type, 1, prototypes);
    }

    /** Brings the centre up to date before a step. */
    void apply() {
        if (pending) {
            center.muli(MOMENTUM).addi(mean.mul(1 - MOMENTUM));
            pending = false;
        }
    }

    /** Says that {@link #mean} holds the logits of a step. */
    void setPending(boolean pending) {
        this.pending = pending;
    }

    boolean isPending() {
        return pending;
    }

    /** Floats that {@link #save} writes for a number of prototypes. */
    static int floats(int prototypes) {
        return 2 * prototypes + 1;
    }

    /** Writes centre, mean, and 1 if the mean is pending, from a place on; returns the place after them. */
    int save(float[] into, int at) {
        int k = (int) center.length();
        at(center).get(into, at, k);
        at(mean).get(into, at + k, k);
        into[at + 2 * k] = pending ? 1 : 0;
        return at + floats(k);
    }

    /** Takes back what {@link #save} wrote from a place on; returns the place after it. */
    int load(float[] from, int at) {
        int k = (int) center.length();
        at(center).put(from, at, k);
        at(mean).put(from, at + k, k);
        Backend.loaded().writtenOnHost(center);
        Backend.loaded().writtenOnHost(mean);
        pending = from[at + 2 * k] != 0;
        return at + floats(k);
    }

    private static FloatPointer at(INDArray floats) {
        Backend.loaded().toHost(floats);
        return new FloatPointer(floats.data().addressPointer());
    }
}
