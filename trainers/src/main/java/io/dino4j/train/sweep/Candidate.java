package io.dino4j.train.sweep;

import io.dino4j.train.config.RunConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * One configuration to be trained.
 *
 * @param index from 0, in the order of the search
 * @param assignments what is searched, {@code key=value} each
 * @param config the whole configuration, with the length of an epoch resolved
 * @param folder of its own, which exists; what is in it is gone on with
 */
public record Candidate(int index, List<String> assignments, RunConfig config, Path folder) {
    /** The configuration as YAML in the folder of a candidate, as {@code pretrain --config} takes it. */
    public Path configFile() {
        return folder.resolve("candidate.yaml");
    }

    /** Steps of the whole run. */
    public long steps() {
        return config.stepsBefore(config.phaseCount());
    }
}
