package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.RenderedShapes;
import io.dino4j.graph.exec.Providers;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The preset for small batches learns at a quarter of the batch that its rate is written down for, within seconds. */
final class SmallBatchTest {
    private static final int NEIGHBOURS = 20;

    /** Far above chance: 500 held-out images have a standard error of 2 points. */
    private static final double GAIN = 0.05;

    @Test
    void learnsAtBatch16(@TempDir Path folder) throws IOException {
        RunConfig config = ConfigLayers.defaults()
                .preset("shapes")
                .overrides(List.of(
                        "train.batch_size_per_gpu=16",
                        "train.OFFICIAL_EPOCH_LENGTH=10",
                        "optim.epochs=25",
                        "optim.warmup_epochs=2",
                        "teacher.warmup_teacher_temp_epochs=5",
                        "evaluation.eval_period_iterations=0"))
                .resolve();
        ImageSource bank = RenderedShapes.train(0);
        KnnProbe probe = new KnnProbe(bank, RenderedShapes.test(0), Recipe.evaluation(config), 1);
        try (RunDirectory directory = RunDirectory.open(folder.resolve("run"), false)) {
            new Pretrainer(
                            new Pretrainer.Request(
                                    config, bank, Optional.of(probe), directory, "test", Providers.forThisMachine()),
                            Progress.SILENT)
                    .run();
        }
        KnnHistory knn = KnnHistory.open(folder.resolve("run").resolve("knn.json"));
        double before = knn.untrained().orElseThrow().get(NEIGHBOURS);
        double after = knn.last().orElseThrow().get(NEIGHBOURS);
        assertTrue(after > before + GAIN, "k-NN accuracy %.3f after training, %.3f before".formatted(after, before));
    }
}
