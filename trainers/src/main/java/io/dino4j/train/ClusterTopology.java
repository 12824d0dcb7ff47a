package io.dino4j.train;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.worker.GradientPacking;
import io.dino4j.train.cluster.worker.ParameterClient;
import io.dino4j.train.cluster.worker.RefusedByServerException;
import io.dino4j.train.cluster.worker.RunSetup;
import io.dino4j.train.cluster.worker.Standing;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.optim.Optimization;
import io.dino4j.train.optim.ParameterGroups;
import io.dino4j.train.optim.Shards;
import io.dino4j.train.schedule.Hyper;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** One of several processes that train together, by way of parameter servers. */
final class ClusterTopology implements Topology {
    private final ParameterClient client;
    private final ClusterOptions options;
    private final int images;
    private final Collective collective = new ServerCollective();
    private final Supplier<String> run;
    private StepNote about;
    private Optional<StepNote> last = Optional.empty();

    /**
     * A process that has not joined.
     *
     * @param images how many there are; all processes must have the same
     * @param run names the run, if this process records it; asked when it begins
     */
    ClusterTopology(ParameterClient client, ClusterOptions options, int images, Supplier<String> run) {
        this.run = run;
        this.client = client;
        this.options = options;
        this.images = images;
        this.about = new StepNote("", -1, 0, 1, Map.of());
    }

    ParameterClient client() {
        return client;
    }

    void say(String line) {
        client.say(line);
    }

    boolean isChief() {
        return options.chief();
    }

    int staleness() {
        return options.staleness();
    }

    GradientPacking packing(long length) {
        return switch (options.gradients()) {
            case F32 -> GradientPacking.exact();
            case BF16 -> GradientPacking.bf16();
            case THRESHOLD -> GradientPacking.threshold(options.threshold(), length);
        };
    }

    @Override
    public int devices() {
        return 1;
    }

    @Override
    public int sharers() {
        return options.workers();
    }

    @Override
    public void check(RunConfig config) {
        int world = config.train().worldSize();
        if (options.workers() > world) {
            throw new ConfigException(
                    "train.world_size is %d, which is too few for %d workers".formatted(world, options.workers()));
        }
        if (config.train().centering() == RunConfig.Centering.CENTERING) {
            throw new ConfigException(
                    "train.centering is centering, whose running centre the parameter servers do not keep; set it to sinkhorn_knopp, or train in one process (--devices)");
        }
    }

    @Override
    public Ranks ranks(Phase phase) {
        RunConfig c = phase.config();
        ParameterLayout layout = Recipe.step(c).student().layout();
        ParameterGroups groups = Optimization.groups(c.optim(), layout);
        try {
            Message.Seat seat = client.join(new RunSetup(
                    phase.number(),
                    options.chief(),
                    c.toYaml(),
                    hash(c),
                    c.train().worldSize(),
                    options.workers(),
                    Shards.of(groups, options.servers())));
            return new Ranks(seat.firstRank(), seat.rankCount(), c.train().worldSize());
        } catch (RefusedByServerException e) {
            throw new TrainingException(e.getMessage(), e);
        }
    }

    /** What all processes must have in common: all that decides the numbers of the run, but where the images lie. */
    private String hash(RunConfig c) {
        RunConfig.Train t = c.train();
        return "%s/%dx%d/%d images"
                .formatted(
                        ConfigLayers.of(c)
                                .overrides(List.of("train.dataset_path=''"))
                                .resolve(images)
                                .hash(),
                        t.accumulationSteps(),
                        t.batchSizePerGpu(),
                        images);
    }

    @Override
    public Collective collective() {
        return collective;
    }

    @Override
    public Update update(
            Optimization optimization, ParameterVector student, ParameterVector average, LongFunction<Hyper> schedule) {
        return new ClusterUpdate(this, optimization, student, average, schedule);
    }

    @Override
    public void describe(long dataSeed, double rateFactor) {
        about = new StepNote(run.get(), -1, dataSeed, rateFactor, Map.of());
    }

    /** Whether a state belongs to the run as it is now: not to another one, nor to what a rollback has given up. */
    boolean accepts(byte[] note) {
        return StepNote.of(note)
                .filter(n -> n.run().equals(about.run())
                        && n.dataSeed() == about.dataSeed()
                        && n.rateFactor() == about.rateFactor())
                .isPresent();
    }

    /** What is left with the servers: by the chief's word, which the others repeat. */
    byte[] note(long step, Map<String, Double> values) {
        return new StepNote(about.run(), step, about.dataSeed(), about.rateFactor(), values).toBytes();
    }

    void entered(Standing standing) {
        last = StepNote.of(standing.note());
        if (!options.chief()) {
            about = last.orElse(about);
        }
    }

    @Override
    public Optional<StepNote> last() {
        return last;
    }

    @Override
    public void leave() {
        client.leave();
    }

    /** Sums by the servers. */
    private final class ServerCollective implements Collective {
        @Override
        public void sum(INDArray x) {
            double[] values = x.toDoubleVector();
            client.reduce(Message.Op.SUM, values);
            x.assign(Nd4j.createFromArray(values));
        }

        @Override
        public double sum(double x) {
            return one(Message.Op.SUM, x);
        }

        @Override
        public double max(double x) {
            return one(Message.Op.MAX, x);
        }

        private double one(Message.Op op, double x) {
            double[] values = {x};
            client.reduce(op, values);
            return values[0];
        }
    }
}
