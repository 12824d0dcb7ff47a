package io.dino4j.train;

import io.dino4j.graph.exec.Backend;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Copies rows from one matrix to another of the same width, without a view for every range. */
final class RowCopy {
    private final INDArray from; // both are held so that their memory stays
    private final INDArray to;
    private final BytePointer source;
    private final BytePointer target;
    private final long rowBytes;

    /**
     * Between two arrays.
     *
     * @param from {@code [R, K]}, contiguous
     * @param to {@code [Q, K]} of the same type, contiguous
     */
    RowCopy(INDArray from, INDArray to) {
        if (from.size(1) != to.size(1) || from.dataType() != to.dataType()) {
            throw new IllegalArgumentException("rows of %d %s do not fit into rows of %d %s"
                    .formatted(from.size(1), from.dataType(), to.size(1), to.dataType()));
        }
        this.from = from;
        this.to = to;
        this.source = new BytePointer(from.data().addressPointer());
        this.target = new BytePointer(to.data().addressPointer());
        this.rowBytes = from.size(1) * from.dataType().width();
    }

    /** Copies {@code n} rows. */
    void copy(long fromRow, long toRow, long n) {
        if (fromRow + n > from.size(0) || toRow + n > to.size(0)) {
            throw new IndexOutOfBoundsException("rows %d to %d of %d, to row %d of %d"
                    .formatted(fromRow, fromRow + n, from.size(0), toRow, to.size(0)));
        }
        Backend backend = Backend.loaded();
        backend.toHost(from);
        backend.toHost(to);
        Pointer.memcpy(target.position(toRow * rowBytes), source.position(fromRow * rowBytes), n * rowBytes);
        backend.writtenOnHost(to);
    }

    /**
     * Between the global crops of a micro-batch, all first and then all second, and those of the whole step in the same order.
     *
     * @param batch {@code B}, images in a micro-batch
     * @param number of the micro-batch
     * @param gather true to copy to the step, false from it
     */
    void copyCrops(int batch, int number, boolean gather) {
        long step = (gather ? to : from).size(0) / 2;
        for (int crop = 0; crop < 2; crop++) {
            long inBatch = (long) crop * batch;
            long inStep = crop * step + (long) number * batch;
            copy(gather ? inBatch : inStep, gather ? inStep : inBatch, batch);
        }
    }
}
