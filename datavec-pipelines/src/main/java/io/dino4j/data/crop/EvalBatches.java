package io.dino4j.data.crop;

import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * All images of a source once, in order, in batches for evaluation. Every batch but the last has b images, the last
 * what is left. An unreadable image is reported and left out; the batches close up, so {@link EvalBatch#indices()}
 * tells which images came. One thread may use an instance; it holds the memory of one batch.
 */
public final class EvalBatches implements Iterator<EvalBatch>, AutoCloseable {
    private final ImageSource source;
    private final EvalTransform transform;
    private final int batchSize;
    private final Consumer<String> warnings;
    private final ForkJoinPool pool;
    private final float[][] values;
    private INDArray images;
    private EvalBatch ready;
    private int position;

    /**
     * Starts at the first image.
     *
     * @param source the images
     * @param transform resize, crop and normalise
     * @param batchSize b, images per batch
     * @param threads that decode and resize, at least 1
     * @param warnings receives one line for each unreadable file
     */
    public EvalBatches(
            ImageSource source, EvalTransform transform, int batchSize, int threads, Consumer<String> warnings) {
        if (batchSize <= 0 || threads <= 0) {
            throw new IllegalArgumentException(
                    "cannot make batches of %d with %d threads".formatted(batchSize, threads));
        }
        this.source = source;
        this.transform = transform;
        this.batchSize = batchSize;
        this.warnings = warnings;
        this.pool = new ForkJoinPool(threads);
        this.values = new float[batchSize][];
    }

    @Override
    public boolean hasNext() {
        if (ready == null) {
            ready = make();
        }
        return ready != null;
    }

    @Override
    public EvalBatch next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all " + source.size() + " images were delivered");
        }
        EvalBatch batch = ready;
        ready = null;
        return batch;
    }

    /** Stops the threads and frees the array of the last batch. */
    @Override
    public void close() {
        pool.shutdown();
        free();
    }

    private EvalBatch make() {
        int[] indices = new int[batchSize];
        int count = 0;
        while (count < batchSize && position < source.size()) {
            int from = position;
            int wanted = Math.min(batchSize - count, source.size() - from);
            float[][] found = new float[wanted][];
            ForkJoinTask<?> task =
                    pool.submit(() -> IntStream.range(0, wanted).parallel().forEach(i -> found[i] = read(from + i)));
            task.join();
            position += wanted;
            for (int i = 0; i < wanted; i++) {
                if (found[i] != null) {
                    values[count] = found[i];
                    indices[count++] = from + i;
                }
            }
        }
        return count == 0 ? null : toBatch(Arrays.copyOf(indices, count));
    }

    private float[] read(int index) {
        try {
            float[] out = new float[3 * transform.crop() * transform.crop()];
            transform.normalization().write(transform.apply(source.read(index)), out);
            return out;
        } catch (UnreadableImageException e) {
            warnings.accept("skipped " + e.getMessage());
            return null;
        }
    }

    @SuppressWarnings("try") // the scope is used by being open
    private EvalBatch toBatch(int[] indices) {
        if (images == null || images.size(0) != indices.length) {
            free();
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                images = Nd4j.create(DataType.FLOAT, indices.length, 3, transform.crop(), transform.crop());
            }
        }
        for (int i = 0; i < indices.length; i++) {
            BatchArrays.putCrop(images, i, values[i], values[i].length);
        }
        int[] labels = IntStream.of(indices).map(source::label).toArray();
        return new EvalBatch(images, labels, indices);
    }

    private void free() {
        if (images != null) {
            images.close();
            images = null;
        }
    }
}
