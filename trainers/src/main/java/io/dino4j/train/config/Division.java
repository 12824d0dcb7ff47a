package io.dino4j.train.config;

import java.util.List;
import java.util.stream.IntStream;

/** How the images of a step are divided among workers, whose number need not be written in the configuration. */
public final class Division {
    private Division() {}

    /**
     * A configuration whose ranks some workers can share equally: as it is if they can, else with a rank for each of them and as many images
     * in a step as before.
     *
     * @param workers devices or processes, at least 1
     * @param layers where the configuration comes from
     * @param images number of images there are
     * @throws ConfigException if a step has a number of images that they cannot share equally
     */
    public static RunConfig among(int workers, ConfigLayers layers, int images) {
        RunConfig config = layers.resolve(images);
        if (config.train().worldSize() % workers == 0) {
            return config;
        }
        RunConfig divided = layers.overrides(keys(config.train(), workers)).resolve(images);
        boolean same = IntStream.range(0, config.phaseCount())
                .allMatch(i -> config.phase(i).train().imagesPerStep()
                        == divided.phase(i).train().imagesPerStep());
        if (!same) {
            throw new ConfigException(
                    "phases have batches of their own; to share them among %d workers, set train.world_size=%d and every train.batch_size_per_gpu to the images of one worker"
                            .formatted(workers, workers));
        }
        return divided;
    }

    private static List<String> keys(RunConfig.Train t, int workers) {
        int batch = t.batchSizePerGpu();
        int micro = Math.multiplyExact(t.accumulationSteps(), t.worldSize());
        if (micro % workers == 0) {
            return keys(batch, micro / workers, workers);
        }
        if (Math.multiplyExact(batch, micro) % workers != 0 || batch * t.worldSize() % workers != 0) {
            throw new ConfigException(
                    "a step has %d images, which %d workers cannot share equally; give --batch a multiple of %d"
                            .formatted(t.imagesPerStep(), workers, workers));
        }
        return keys(batch * t.worldSize() / workers, t.accumulationSteps(), workers);
    }

    private static List<String> keys(int batch, int accumulation, int world) {
        return List.of(
                "train.batch_size_per_gpu=" + batch,
                "train.accumulation_steps=" + accumulation,
                "train.world_size=" + world);
    }
}
