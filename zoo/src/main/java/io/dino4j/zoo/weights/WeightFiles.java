package io.dino4j.zoo.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The file of weights that a path stands for. */
public final class WeightFiles {
    /** Files of a folder of the Hugging Face hub, the one to prefer first. */
    private static final List<String> HUB = List.of("model.safetensors", ShardedSafetensors.INDEX, "pytorch_model.bin");

    private WeightFiles() {}

    /**
     * The file that a path stands for: a file itself; of a run's folder the network in its newest complete checkpoint; of a checkpoint's
     * folder its network; of a folder as the Hugging Face hub has them its {@code model.safetensors}, or the index of its shards.
     *
     * @param path a file or folder
     * @param role which network of a run
     * @throws WeightsException if it is a folder without weights
     */
    public static Path find(Path path, NetworkRole role) {
        if (!Files.isDirectory(path)) {
            return path;
        }
        if (RunLayout.isCheckpoint(path)) {
            return path.resolve(role.file());
        }
        if (Files.isDirectory(path.resolve(RunLayout.CHECKPOINTS))) {
            try {
                return RunLayout.newest(path)
                        .map(c -> c.resolve(role.file()))
                        .orElseThrow(() -> new WeightsException("%s has no complete checkpoint yet".formatted(path)));
            } catch (IOException e) {
                throw new WeightsException("%s: cannot be listed: %s".formatted(path, e), e);
            }
        }
        return HUB.stream()
                .map(path::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> new WeightsException(
                        "%s: is a folder without weights: expected that of a run (with %s/), a checkpoint of one (with %s), or one with %s"
                                .formatted(path, RunLayout.CHECKPOINTS, RunLayout.STATE, String.join(" or ", HUB))));
    }
}
