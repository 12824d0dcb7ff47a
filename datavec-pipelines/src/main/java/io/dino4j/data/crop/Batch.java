package io.dino4j.data.crop;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One training batch: B images, two global and L local crops of each, masks over the global ones. Crops are stacked
 * crop by crop: row {@code c * B + i} is crop c of image i.
 *
 * <p>The arrays belong to the loader and are filled again after {@link #close()}; whoever needs values longer copies
 * them.
 */
public final class Batch implements AutoCloseable {
    private final BatchArrays arrays;
    private final long step;
    private final int[] sampleIndices;
    private final int maskedCount;
    private final Consumer<BatchArrays> home;
    private final AtomicBoolean closed = new AtomicBoolean();

    Batch(BatchArrays arrays, long step, int[] sampleIndices, int maskedCount, Consumer<BatchArrays> home) {
        this.arrays = arrays;
        this.step = step;
        this.sampleIndices = sampleIndices;
        this.maskedCount = maskedCount;
        this.home = home;
    }

    /**
     * Global crops.
     *
     * @return (2B, 3, S, S) FLOAT, normalised
     */
    public INDArray globals() {
        return open().globals();
    }

    /**
     * Local crops.
     *
     * @return (L B, 3, s, s) FLOAT, normalised; null if the configuration has no local crops
     */
    public INDArray locals() {
        return open().locals();
    }

    /**
     * Masks over the patches of the global crops.
     *
     * @return (2B, n) FLOAT, 1 where the patch is masked, otherwise 0
     */
    public INDArray masks() {
        return open().masks();
    }

    /**
     * Positions of the masked patches in the flattened masks, {@code slot * n + patch}, ascending.
     *
     * @return (U) INT, U as in {@link BatchLoader#upperBound()}; 0 from {@link #maskedCount()} on
     */
    public INDArray maskIndices() {
        return open().maskIndices();
    }

    /**
     * Weight of each masked patch: one over the number of masked patches of its crop.
     *
     * @return (U) FLOAT; 0 from {@link #maskedCount()} on
     */
    public INDArray maskWeights() {
        return open().maskWeights();
    }

    /**
     * Number of masked patches, at most U.
     *
     * @return M
     */
    public int maskedCount() {
        return maskedCount;
    }

    /**
     * Which images these are.
     *
     * @return (B) indices into the source, a copy
     */
    public int[] sampleIndices() {
        return sampleIndices.clone();
    }

    /**
     * The step this batch belongs to.
     *
     * @return from 0
     */
    public long step() {
        return step;
    }

    /** Gives the arrays back to the loader. Closing twice does nothing. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            home.accept(arrays);
        }
    }

    private BatchArrays open() {
        if (closed.get()) {
            throw new IllegalStateException("the batch of step " + step + " is closed");
        }
        return arrays;
    }
}
