package io.dino4j.benchmarks.subject;

import io.dino4j.data.crop.Batch;
import io.dino4j.data.crop.BatchLoader;
import io.dino4j.data.source.RenderedShapes;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.exec.Sessions;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.train.Recipe;
import io.dino4j.train.Trainer;
import io.dino4j.train.Versions;
import io.dino4j.train.config.RunConfig;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Complete training steps: losses, gradients, clipping, AdamW and moving average, again and again on one batch of drawn shapes.
 * Its arguments are those of {@link Arguments#config}.
 */
final class Training implements Subject {
    private static final long SEED = 1;

    private final List<KernelProvider> providers = Providers.forThisMachine();
    private final Trainer trainer;
    private final BatchLoader batches;
    private final List<Batch> batchesOfStep;
    private long step;

    Training(Arguments a) {
        Sessions.install(providers);
        RunConfig config = a.config();
        int images = config.train().batchSizePerGpu();
        trainer = new Trainer(config, providers);
        batches = BatchLoader.open(
                RenderedShapes.draw("benchmark", images, config.crops().globalCropsSize(), SEED),
                Recipe.crops(config),
                images,
                SEED,
                0,
                1,
                0,
                warning -> {});
        Batch batch = batches.next(); // again and again
        batchesOfStep = Collections.nCopies(config.train().accumulationSteps(), batch);
    }

    @Override
    public void run() {
        trainer.step(step++, batchesOfStep);
    }

    @Override
    public Map<String, Object> facts() {
        return Map.of("version", Versions.of(providers), "steps", step);
    }

    @Override
    public void close() {
        batchesOfStep.get(0).close();
        batches.close();
        trainer.close();
    }
}
