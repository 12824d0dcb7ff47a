package io.dino4j.train.cluster.server;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.train.Recipe;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.optim.Optimization;
import io.dino4j.train.optim.ParameterGroups;
import io.dino4j.train.optim.Shard;
import io.dino4j.train.optim.Shards;

/**
 * What a server is to hold, as far as a configuration tells; worked out before memory is taken.
 *
 * @param wanted what was asked for
 * @param optim the optimiser's part of the configuration
 * @param shard the server's range
 * @param part the groups of that range
 */
record Plan(Message.Configure wanted, RunConfig.Optim optim, Shard shard, ParameterGroups part) {
    /**
     * Reads a configuration.
     *
     * @throws IllegalArgumentException if the lengths differ, or there are more servers than can be
     * @throws io.dino4j.train.config.ConfigException if the configuration cannot be used
     */
    static Plan of(Message.Configure wanted) {
        RunConfig config = ConfigLayers.defaults()
                .yaml("the configuration of the worker", wanted.yaml())
                .resolve();
        ParameterLayout layout = Recipe.step(config).student().layout();
        if (layout.length() != wanted.totalLength()) {
            throw new IllegalArgumentException(
                    "the configuration makes a model of %d parameters here, and of %d at the worker"
                            .formatted(layout.length(), wanted.totalLength()));
        }
        RunConfig.Optim optim = config.optim();
        ParameterGroups groups = Optimization.groups(optim, layout);
        Shard shard = Shards.of(groups, wanted.shards()).get(wanted.shard());
        return new Plan(wanted, optim, shard, groups.part(shard));
    }

    /**
     * Memory of the server in bytes: student, teacher, two moments, and for every step that is gathered a sum and what waits for it.
     *
     * @param steps steps that are gathered at once, 1 or more
     */
    long bytes(int steps) {
        return Math.multiplyExact(
                4L + Math.multiplyExact((long) steps, wanted.worldSize()), shard.length() * Float.BYTES);
    }

    int worldSize() {
        return wanted.worldSize();
    }

    /** Refuses what differs from this. */
    void requireEqual(Message.Configure other) {
        requireEqual("configuration", abbreviated(wanted.configHash()), abbreviated(other.configHash()));
        requireEqual("train.world_size", wanted.worldSize(), other.worldSize());
        requireEqual("number of workers", wanted.workers(), other.workers());
        requireEqual("number of parameters", wanted.totalLength(), other.totalLength());
    }

    private static void requireEqual(String what, Object here, Object there) {
        if (!here.equals(there)) {
            throw new IllegalArgumentException(
                    "this server serves another run: %s %s here, %s at the worker".formatted(what, here, there));
        }
    }

    static String abbreviated(String hash) {
        return hash.length() <= 12 ? hash : hash.substring(0, 12);
    }
}
