package io.dino4j.graph.exec;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Where ND4J keeps arrays: in the memory of the processor, or on graphics cards with a copy in the processor's memory. Code that reads or
 * writes that copy by its address says so here; with the processor's backend all of this does nothing.
 *
 * <p><b>No card has run this.</b> It follows the contract of ND4J's {@link AffinityManager}; only calls to a stand-in of it are tested.
 */
public final class Backend {
    private static final class Loaded {
        private static final Backend BACKEND = new Backend(
                Nd4j.getAffinityManager(), Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.CUDA);
    }

    private final AffinityManager affinity;
    private final boolean cards;

    /**
     * A backend, to be tested with.
     *
     * @param affinity what knows of cards
     * @param cards true if arrays are on cards
     */
    Backend(AffinityManager affinity, boolean cards) {
        this.affinity = affinity;
        this.cards = cards;
    }

    /** The one that ND4J has found on the class path. */
    public static Backend loaded() {
        return Loaded.BACKEND;
    }

    /**
     * Part of the processor's copy of an array, for reading and writing.
     *
     * @param array where its elements begin, whatever its position
     * @param from first byte
     * @param length bytes, less than 2 GB
     * @return in the order of this machine, valid while the array is
     */
    public static ByteBuffer bytes(Pointer array, long from, long length) {
        try (BytePointer base = new BytePointer(array.position(0))) {
            // a pointer of its own: a buffer reaches no further than 2 GB from where its pointer begins
            return base.getPointer(BytePointer.class, from).capacity(length).asByteBuffer();
        }
    }

    /** True if arrays are on cards. */
    public boolean hasCards() {
        return cards;
    }

    /** Most devices that a process can train on: cards, or groups of processors. */
    public int devices() {
        return cards ? affinity.getNumberOfDevices() : Runtime.getRuntime().availableProcessors();
    }

    /** Gives the calling thread a card: what it creates and runs from now on is there. */
    public void attach(int card) {
        if (cards) {
            affinity.unsafeSetDevice(card);
        }
    }

    /** Brings an array to the processor's memory, where it is about to be read, or written in part. */
    public void toHost(INDArray array) {
        if (cards) {
            affinity.ensureLocation(array, AffinityManager.Location.HOST);
        }
    }

    /** Says that an array has been written in the processor's memory: the card's is out of date. */
    public void writtenOnHost(INDArray array) {
        if (cards) {
            affinity.tagLocation(array, AffinityManager.Location.HOST);
        }
    }

    /**
     * Copies an array to one of another card, by way of the processor's memory.
     *
     * @param from contiguous; brought to the processor's memory
     * @param to of the same type and length, contiguous
     */
    public void copy(INDArray from, INDArray to) {
        toHost(from);
        copyFromHost(from, to);
    }

    private void copyFromHost(INDArray from, INDArray to) {
        int width = from.dataType().width();
        // the buffer of a view begins where the view does
        Pointer target = new BytePointer(to.data().addressPointer());
        Pointer.memcpy(target, new BytePointer(from.data().addressPointer()), from.length() * width);
        writtenOnHost(to);
    }

    /**
     * An array that the card of the calling thread can work with: on the processor itself, else a copy.
     *
     * @param array in the processor's memory, contiguous
     */
    public INDArray here(INDArray array) {
        if (!cards) {
            return array;
        }
        INDArray copy = Nd4j.createUninitialized(array.dataType(), array.shape());
        copyFromHost(array, copy);
        return copy;
    }
}
