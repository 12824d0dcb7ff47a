package io.dino4j.train;

import io.dino4j.data.crop.Batch;
import io.dino4j.data.crop.BatchLoader;
import io.dino4j.data.crop.MultiCropConfig;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.train.config.RunConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The batches of step after step, made ahead of time. */
final class StepBatches implements AutoCloseable {
    /** Batches made ahead of those that are being trained on. */
    private static final int PREFETCH = 2;

    private final BatchLoader loader;
    private final int ranks;
    private final int perRank;

    private StepBatches(BatchLoader loader, int ranks, int perRank) {
        this.loader = loader;
        this.ranks = ranks;
        this.perRank = perRank;
    }

    /**
     * Starts to make batches.
     *
     * @param ranks whose batches they are
     * @param seed that crops, masks and their order are drawn from
     * @param step number of the first step
     * @param warnings told of images that cannot be read
     */
    static StepBatches open(
            ImageSource images, RunConfig config, Ranks ranks, long seed, long step, Consumer<String> warnings) {
        int perRank = config.train().accumulationSteps();
        BatchLoader loader = BatchLoader.open(
                images,
                Recipe.crops(config),
                config.train().batchSizePerGpu(),
                ranks.workers(),
                seed,
                step * perRank,
                threads(config),
                perRank * ranks.count() - 1 + PREFETCH,
                warnings);
        return new StepBatches(loader, ranks.count(), perRank);
    }

    /** Threads that make batches. More than processors would only wait for each other. */
    static int threads(RunConfig config) {
        return Math.max(
                1, Math.min(config.train().numWorkers(), Runtime.getRuntime().availableProcessors()));
    }

    /** Bytes of all batches that there are at a time. */
    static long bytes(RunConfig config) {
        MultiCropConfig crops = Recipe.crops(config);
        long global = 3L * crops.globalSize() * crops.globalSize() + crops.numPatches();
        long local = 3L * crops.localSize() * crops.localSize() * crops.localCrops();
        long batch = config.train().batchSizePerGpu() * (SslConfig.GLOBAL_CROPS * global + local) * Float.BYTES;
        RunConfig.Train t = config.train();
        return ((long) t.accumulationSteps() * t.worldSize() + PREFETCH) * batch;
    }

    /**
     * The batches of one step; to be closed after it.
     *
     * @param batches as many as {@code train.accumulation_steps} for each rank, rank by rank
     */
    record Micro(List<Batch> batches) implements AutoCloseable {
        @Override
        public void close() {
            batches.forEach(Batch::close);
        }
    }

    /**
     * The batches of the next step.
     *
     * @throws TrainingException if there is no readable image at all
     */
    Micro next() {
        Micro micro = new Micro(new ArrayList<>());
        try {
            for (int i = 0; i < perRank * ranks; i++) {
                micro.batches.add(loader.next());
            }
            return new Micro(byRank(micro.batches));
        } catch (IllegalStateException e) {
            micro.close();
            for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
                if (cause instanceof UnreadableImageException) {
                    throw new TrainingException(e.getMessage());
                }
            }
            throw e;
        }
    }

    /** The loader gives the first batch of every rank, then the second. */
    private List<Batch> byRank(List<Batch> loaded) {
        List<Batch> sorted = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            for (int i = 0; i < perRank; i++) {
                sorted.add(loaded.get(i * ranks + rank));
            }
        }
        return sorted;
    }

    /** Unreadable images so far. */
    int skippedCount() {
        return loader.skippedCount();
    }

    @Override
    public void close() {
        loader.close();
    }
}
