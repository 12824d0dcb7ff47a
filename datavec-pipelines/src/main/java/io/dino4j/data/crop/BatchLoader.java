package io.dino4j.data.crop;

import io.dino4j.data.DaemonThreads;
import io.dino4j.data.Seed;
import io.dino4j.data.image.Canvas;
import io.dino4j.data.source.CachedImages;
import io.dino4j.data.source.ImageSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * An endless sequence of training batches, made ahead of time on threads of its own.
 *
 * <p>Step k takes the images at positions {@code k B … k B + B - 1} of an infinite stream in which epoch follows epoch,
 * each in the order given by (seed, epoch). Crops and masks are drawn from (seed, step, sample). So a batch depends on
 * the files, the configuration, the batch size, the seed and the step, and on nothing else: any number of threads, any
 * prefetching and any starting step give the same bits.
 *
 * <p>An unreadable image is reported once and replaced by the next readable one of the epoch. Native memory is
 * {@code prefetch + 1} batches, allocated on opening and used again whenever a batch is closed.
 *
 * <pre>{@code
 * try (BatchLoader loader = BatchLoader.open(source, config, 64, seed, 0, threads, 2, log::warn)) {
 *     while (...) {
 *         try (Batch batch = loader.next()) { ... }
 *     }
 * }
 * }</pre>
 */
public final class BatchLoader implements AutoCloseable {
    private static final long MAX_CACHE = 512L << 20;

    private final MultiCropConfig config;
    private final int batchSize;
    private final List<Worker> workers;
    private final int jobs;
    private final MultiCrop crops;
    private final MaskCollator masks;
    private final BlockMask block;
    private final Seed cropSeed;
    private final Seed maskSeed;
    private final ReadableImages images;
    private final ThreadLocal<Canvas> canvases = ThreadLocal.withInitial(Canvas::new);
    private final ExecutorService pool;

    private final Queue<BatchArrays> free = new ArrayDeque<>(); // these four are guarded by this
    private final Queue<Work> pending = new ArrayDeque<>();
    private long nextBatch;
    private volatile boolean closed;

    private BatchLoader(
            ImageSource source,
            MultiCropConfig config,
            int batchSize,
            List<Worker> workers,
            long seed,
            long startStep,
            int threads,
            int prefetch,
            Consumer<String> warnings) {
        this.config = config;
        this.batchSize = batchSize;
        this.workers = List.copyOf(workers);
        this.jobs = Math.min(threads, batchSize);
        this.crops = new MultiCrop(config);
        this.masks = new MaskCollator(
                MultiCropConfig.GLOBAL_CROPS * batchSize,
                config.numPatches(),
                config.maskProbability(),
                config.maskRatio());
        this.block = BlockMask.forGrid(config.gridSize(), config.gridSize());
        Seed root = new Seed(seed);
        this.cropSeed = root.derive("crops");
        this.maskSeed = root.derive("masks");
        long cacheBytes = Math.min(MAX_CACHE, Runtime.getRuntime().maxMemory() / 4);
        this.images = new ReadableImages(
                new CachedImages(source, config.reduction(), cacheBytes),
                new EpochOrder(source, root.derive("order")),
                warnings);
        this.nextBatch = startStep * workers.size();
        this.pool = Executors.newFixedThreadPool(threads, new DaemonThreads("dino4j-data"));
        for (int i = 0; i <= prefetch; i++) {
            free.add(new BatchArrays(config, batchSize, upperBound()));
        }
    }

    /**
     * Opens a loader and starts making the first batches.
     *
     * @param source images, at least one of them readable
     * @param config crops, masks and augmentations
     * @param batchSize B, images per batch
     * @param seed equal seeds give equal batches
     * @param startStep step of the first batch; to resume after k finished steps, k
     * @param threads that decode and augment, at least 1
     * @param prefetch batches to make ahead of the one in use, from 0
     * @param warnings receives one line for each unreadable file, on any thread
     * @return the loader; close it to stop its threads and free its memory
     */
    public static BatchLoader open(
            ImageSource source,
            MultiCropConfig config,
            int batchSize,
            long seed,
            long startStep,
            int threads,
            int prefetch,
            Consumer<String> warnings) {
        return open(source, config, batchSize, List.of(Worker.ALONE), seed, startStep, threads, prefetch, warnings);
    }

    /**
     * Opens the loader of some of several workers and starts making their first batches: of every step one batch for each of them, in their
     * order. Together all workers see the images that one with all of them would: see {@link Worker}.
     *
     * @param source images, at least one of them readable
     * @param config crops, masks and augmentations
     * @param batchSize B, images per batch of a worker
     * @param workers whose parts of the batches, at least one
     * @param seed equal seeds give equal batches
     * @param startStep step of the first batch; to resume after k finished steps, k
     * @param threads that decode and augment, at least 1
     * @param prefetch batches to make ahead of the one in use, from 0
     * @param warnings receives one line for each unreadable file, on any thread
     * @return the loader; close it to stop its threads and free its memory
     */
    public static BatchLoader open(
            ImageSource source,
            MultiCropConfig config,
            int batchSize,
            List<Worker> workers,
            long seed,
            long startStep,
            int threads,
            int prefetch,
            Consumer<String> warnings) {
        if (workers.isEmpty()
                || batchSize <= 0
                || threads <= 0
                || prefetch < 0
                || startStep < 0
                || source.size() <= 0) {
            throw new IllegalArgumentException(
                    "cannot load batches of %d for %d workers from %d images with %d threads, prefetch %d, from step %d"
                            .formatted(batchSize, workers.size(), source.size(), threads, prefetch, startStep));
        }
        BatchLoader loader =
                new BatchLoader(source, config, batchSize, workers, seed, startStep, threads, prefetch, warnings);
        loader.schedule();
        return loader;
    }

    /**
     * The batch of the next step. Waits until it is ready. To be called by one thread.
     *
     * @return the batch; close it before asking for more than {@code prefetch} further ones
     * @throws IllegalStateException if no image can be read, the loader is closed, or too many batches are open
     */
    public Batch next() {
        Work work;
        synchronized (this) {
            requireOpen();
            work = pending.peek();
        }
        if (work == null) {
            throw new IllegalStateException("every batch of this loader is still open: close one before the next");
        }
        try {
            Batch batch = work.done.get();
            synchronized (this) {
                pending.remove(work); // only now: a failed batch stays, so that asking again fails again
            }
            return batch;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the batch of step " + work.step, e);
        }
    }

    /**
     * Length of {@link Batch#maskIndices()}, the same for every batch of this loader: the most patches that can be
     * masked, and at least 1.
     *
     * @return U
     */
    public int upperBound() {
        return Math.max(1, masks.upperBound()); // an empty array is of no use to a graph
    }

    /**
     * Files found unreadable so far; each was reported once.
     *
     * @return from 0
     */
    public int skippedCount() {
        return images.skippedCount();
    }

    /** Stops the threads and frees the memory; a batch that is still open keeps its own until it is closed. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        pool.shutdown(); // no interrupt: an interrupted read would look like a damaged file
        boolean interrupted = false;
        while (!pool.isTerminated()) {
            try {
                pool.awaitTermination(1, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            for (Work work : pending) {
                free.add(work.arrays);
            }
            pending.clear();
            free.forEach(BatchArrays::free);
            free.clear();
        }
    }

    private synchronized void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the batch loader is closed");
        }
    }

    private synchronized void schedule() {
        while (!closed && !free.isEmpty()) {
            Worker worker = workers.get((int) (nextBatch % workers.size()));
            Work work = new Work(nextBatch++ / workers.size(), worker, free.remove());
            pending.add(work);
            for (int i = 0; i < jobs; i++) {
                pool.execute(work);
            }
        }
    }

    private synchronized void takeBack(BatchArrays arrays) {
        if (closed) {
            arrays.free();
        } else {
            free.add(arrays);
            schedule();
        }
    }

    /** The making of one batch. Several threads run it at once, each taking the next sample until none is left. */
    private final class Work implements Runnable {
        final long step;
        final Worker worker;
        final BatchArrays arrays;
        final CompletableFuture<Batch> done = new CompletableFuture<>();
        private final int[] indices = new int[batchSize];
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger left = new AtomicInteger(batchSize);

        Work(long step, Worker worker, BatchArrays arrays) {
            this.step = step;
            this.worker = worker;
            this.arrays = arrays;
        }

        @Override
        public void run() {
            try {
                Canvas canvas = canvases.get();
                for (int i = next.getAndIncrement(); i < batchSize && !closed; i = next.getAndIncrement()) {
                    fill(i, canvas);
                    if (left.decrementAndGet() == 0) {
                        MaskSet set = masks.draw(block, maskSeed.at(step, worker.rank()));
                        arrays.putMasks(set);
                        done.complete(
                                new Batch(arrays, step, indices, set.indices().length, BatchLoader.this::takeBack));
                    }
                }
                if (closed) {
                    done.completeExceptionally(new IllegalStateException("the batch loader is closed"));
                }
            } catch (Throwable e) { // an OutOfMemoryError must reach the caller of next() too
                done.completeExceptionally(e);
            }
        }

        private void fill(int i, Canvas canvas) {
            ReadableImages.Found found = images.at(worker.position(step, batchSize, i));
            indices[i] = found.index();
            RandomGenerator rng = cropSeed.at(step, worker.sample(batchSize, i));
            for (int crop = 0; crop < crops.count(); crop++) {
                crops.cut(crop, found.image(), canvas, rng);
                canvas.write(config.normalization(), arrays.row(crop, i));
            }
        }
    }
}
