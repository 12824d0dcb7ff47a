package io.dino4j.train;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.Division;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.optim.Optimization;
import io.dino4j.train.schedule.Hyper;
import java.util.Optional;
import java.util.function.LongFunction;

/** Who works out a run: the devices of this process, the ranks they have, and what joins them with other processes. */
interface Topology {
    /** Devices of this process, at least 1. */
    int devices();

    /**
     * A configuration with as many ranks as can be shared here, and as many images in a step.
     *
     * @param images number of images there are
     * @throws ConfigException if they cannot be shared equally
     */
    default RunConfig divided(RunConfig config, int images) {
        return Division.among(sharers(), ConfigLayers.of(config), images);
    }

    /** Devices or processes that share a step. */
    int sharers();

    /**
     * Checks that the ranks of a step can be shared.
     *
     * @throws ConfigException saying why not
     */
    void check(RunConfig config);

    /** The ranks of a step that are worked out here in a phase; waits until that is known. */
    Ranks ranks(Phase phase);

    /** What joins the devices with those of other processes. */
    Collective collective();

    /**
     * The second half of a step.
     *
     * @param student parameters, which it moves
     * @param average of the student, which it moves too
     * @param schedule what holds in a step of the run
     */
    Update update(
            Optimization optimization, ParameterVector student, ParameterVector average, LongFunction<Hyper> schedule);

    /**
     * Says what holds from now on, for whoever joins: see {@link StepNote}.
     *
     * @param dataSeed what order, crops and masks are drawn from
     * @param rateFactor on the learning rate of the schedule
     */
    void describe(long dataSeed, double rateFactor);

    /** What others have left of the step before the one that was begun with. */
    Optional<StepNote> last();

    /** Tells that this process is done. */
    void leave();

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
            public int sharers() {
                return devices;
            }

            @Override
            public void check(RunConfig config) {
                int world = config.train().worldSize();
                if (world % devices != 0) {
                    throw new ConfigException(
                            "train.world_size is %d, which %d devices cannot share equally; set it to a multiple of %d"
                                    .formatted(world, devices, devices));
                }
            }

            @Override
            public Ranks ranks(Phase phase) {
                return Ranks.all(phase.config());
            }

            @Override
            public Collective collective() {
                return Collective.ALONE;
            }

            @Override
            public Update update(
                    Optimization optimization,
                    ParameterVector student,
                    ParameterVector average,
                    LongFunction<Hyper> schedule) {
                return new LocalUpdate(optimization, student, average, schedule);
            }

            @Override
            public void describe(long dataSeed, double rateFactor) {
                // nobody joins
            }

            @Override
            public Optional<StepNote> last() {
                return Optional.empty();
            }

            @Override
            public void leave() {
                // nobody waits for it
            }
        };
    }
}
