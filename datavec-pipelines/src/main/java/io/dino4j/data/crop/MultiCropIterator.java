package io.dino4j.data.crop;

import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.NoSuchElementException;
import java.util.function.LongFunction;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.api.MultiDataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The batches of a {@link BatchLoader} for whatever takes ND4J's iterators, such as a {@code ComputationGraph}. Features, in order: global
 * crops (2B, 3, S, S), local crops (L B, 3, s, s) if there are any, masks (2B, n), positions of the masked patches (U) INT and their weights
 * (U). There are no labels: the method makes its own.
 *
 * <p>An iteration has a fixed number of batches. {@link #reset} goes on with the steps after the last one, so that an epoch never repeats the
 * crops of another. The arrays are copies and belong to the caller. {@link #asyncSupported} is false: the loader has threads of its own and
 * prefetches already. One thread may use an instance.
 */
public final class MultiCropIterator implements MultiDataSetIterator, AutoCloseable {
    private static final long serialVersionUID = 1L;

    private final transient LongFunction<BatchLoader> open;
    private final long batches;
    private transient BatchLoader loader;
    private transient MultiDataSetPreProcessor preProcessor = data -> {};
    private long step; // of the next batch
    private long end; // of this iteration

    /**
     * Opens the loader of step 0.
     *
     * @param open opens a loader whose first batch is that of a step, for instance {@code step -> BatchLoader.open(source, config, 64, seed,
     *     step, threads, 2, log::warn)}
     * @param batches of one iteration, at least 1; an epoch of a source has {@code source.size() / batchSize}
     */
    public MultiCropIterator(LongFunction<BatchLoader> open, long batches) {
        if (batches < 1) {
            throw new IllegalArgumentException("an iteration needs at least 1 batch, got " + batches);
        }
        this.open = open;
        this.batches = batches;
        this.end = batches;
        this.loader = open.apply(0);
    }

    @Override
    public boolean hasNext() {
        return step < end;
    }

    @Override
    public MultiDataSet next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all %d batches were delivered; reset() begins again".formatted(batches));
        }
        try (Batch batch = loader.next()) {
            MultiDataSet data = new MultiDataSet(features(batch), new INDArray[0]);
            step++;
            preProcessor.preProcess(data);
            return data;
        }
    }

    @SuppressWarnings("try") // the scope is used by being open
    private static INDArray[] features(Batch batch) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            INDArray globals = batch.globals().dup();
            INDArray masks = batch.masks().dup();
            INDArray indices = batch.maskIndices().dup();
            INDArray weights = batch.maskWeights().dup();
            return batch.locals() == null
                    ? new INDArray[] {globals, masks, indices, weights}
                    : new INDArray[] {globals, batch.locals().dup(), masks, indices, weights};
        }
    }

    /**
     * Not supported: the loader has one batch size.
     *
     * @throws UnsupportedOperationException always
     */
    @Override
    public MultiDataSet next(int count) {
        throw new UnsupportedOperationException("the batch size is the loader's; use next()");
    }

    /** Begins an iteration with the steps that follow. In the middle of one, the steps left over are passed by. */
    @Override
    public void reset() {
        if (step < end) {
            loader.close();
            loader = open.apply(end);
            step = end;
        }
        end = step + batches;
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    @Override
    public boolean asyncSupported() {
        return false;
    }

    @Override
    public void setPreProcessor(MultiDataSetPreProcessor changes) {
        preProcessor = changes == null ? data -> {} : changes;
    }

    /** Returns what changes each batch; one that does nothing if none was set. */
    @Override
    public MultiDataSetPreProcessor getPreProcessor() {
        return preProcessor;
    }

    /** Closes the loader. */
    @Override
    public void close() {
        loader.close();
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
        throw new NotSerializableException("an iterator of crops cannot be serialised; construct one where it is used");
    }
}
