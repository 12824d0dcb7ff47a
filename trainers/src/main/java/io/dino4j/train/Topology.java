package io.dino4j.train;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;

/** Who works out a run: the devices of this process, the ranks they have, and what joins them with other processes. */
interface Topology {
    /** Devices of this process, at least 1. */
    int devices();

    /** The ranks of a step that are worked out here. */
    Ranks ranks(RunConfig config);

    /** What joins the devices with those of other processes. */
    Collective collective();

    /**
     * The second half of a step.
     *
     * @param student parameters, which it moves
     * @param average of the student, which it moves too
     */
    Update update(Optimization optimization, ParameterVector student, ParameterVector average);

    /**
     * One process.
     *
     * @param devices replicas in it, at least 1; must divide {@code train.world_size}
     */
    static Topology local(int devices) {
        return new Topology() {
            @Override
            public int devices() {
                return devices;
            }

            @Override
            public Ranks ranks(RunConfig config) {
                int world = config.train().worldSize();
                if (world % devices != 0) {
                    throw new ConfigException(
                            "train.world_size is %d, which %d devices cannot share equally; set it to a multiple of %d"
                                    .formatted(world, devices, devices));
                }
                return Ranks.all(config);
            }

            @Override
            public Collective collective() {
                return Collective.ALONE;
            }

            @Override
            public Update update(Optimization optimization, ParameterVector student, ParameterVector average) {
                return new LocalUpdate(optimization, student, average);
            }
        };
    }
}
