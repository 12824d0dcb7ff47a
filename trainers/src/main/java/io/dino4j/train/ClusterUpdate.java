package io.dino4j.train;

import io.dino4j.data.DaemonThreads;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.cluster.worker.FrameChannel;
import io.dino4j.train.cluster.worker.Member;
import io.dino4j.train.cluster.worker.ParameterClient;
import io.dino4j.train.cluster.worker.RefusedByServerException;
import io.dino4j.train.cluster.worker.Standing;
import io.dino4j.train.cluster.worker.StepUpdate;
import io.dino4j.train.optim.Ema;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.Optimization;
import io.dino4j.train.schedule.Hyper;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * An update by parameter servers, which hold the moments. Student and average are here as a whole: the student is fetched after each step,
 * and the average follows it with the arithmetic of the servers, so that it need not travel.
 */
final class ClusterUpdate implements Update {
    private final ParameterClient client;
    private final ClusterTopology topology;
    private final int staleness;
    private final Optimization optimization;
    private final GradientClip clip;
    private final Ema ema;
    private final Ema emaOfHeads; // while the backbone is frozen
    private final ParameterVector student;
    private final ParameterVector average;
    private final LongFunction<Hyper> schedule;
    private final GradientSender sender;
    private final ScheduledExecutorService pulse;
    private Optional<ParameterVector> first = Optional.empty();
    private Optional<ParameterVector> second = Optional.empty();
    private boolean entered; // from then on the state of this process is not whole: the servers have the moments
    private long localStep;
    private long updates;
    private long stepsHere;
    private long began;
    private FrameChannel.Volume volumeBefore = FrameChannel.Volume.NONE;
    private long nanosBefore;
    private long made; // steps that the servers have made, as far as this process goes

    ClusterUpdate(
            ClusterTopology topology,
            Optimization optimization,
            ParameterVector student,
            ParameterVector average,
            LongFunction<Hyper> schedule) {
        this.client = topology.client();
        this.topology = topology;
        this.staleness = topology.staleness();
        this.optimization = optimization;
        this.clip = optimization.clip();
        this.ema = new Ema(optimization.groups().ranges(), optimization.workers());
        this.emaOfHeads = new Ema(optimization.groups().rangesOutside("backbone"), optimization.workers());
        this.student = student;
        this.average = average;
        this.schedule = schedule;
        this.sender =
                new GradientSender(client, topology.packing(student.layout().length()));
        this.pulse = Executors.newSingleThreadScheduledExecutor(new DaemonThreads("dino4j-pulse"));
    }

    @Override
    public long begin(long step) {
        localStep = step;
        Standing standing;
        try {
            standing = client.enter(new Self());
        } catch (RefusedByServerException e) {
            throw new TrainingException(e.getMessage(), e);
        }
        topology.entered(standing);
        entered = true;
        updates = standing.optimizerSteps();
        made = standing.step();
        client.pull(StateVector.STUDENT, made, student);
        client.pull(StateVector.TEACHER, made, average);
        stepBegins(made);
        stepsHere = 0;
        began = System.nanoTime();
        volumeBefore = client.volume();
        nanosBefore = client.exchangeNanos();
        return made;
    }

    @Override
    public Optional<GradientListener> listener() {
        return Optional.of(sender);
    }

    @Override
    public GradientClip.Clipping gather(long step, ParameterVector gradients, Map<String, Double> losses) {
        sender.finish(gradients);
        double[] values =
                losses.values().stream().mapToDouble(Double::doubleValue).toArray();
        client.reduce(Message.Op.SUM, values);
        int i = 0;
        for (Map.Entry<String, Double> loss : losses.entrySet()) {
            loss.setValue(values[i++]);
        }
        return made > step - staleness ? nothingDue() : clip.clipping(client.norms(made));
    }

    private void stepBegins(long step) {
        first = Optional.empty();
        second = Optional.empty();
        client.begin(step);
        sender.begin();
    }

    /** At the start of a run that does not wait for its updates. */
    private GradientClip.Clipping nothingDue() {
        int parts = optimization.groups().subNetworks().size();
        double[] factors = new double[parts];
        Arrays.fill(factors, 1);
        return new GradientClip.Clipping(optimization.groups().subNetworks(), new double[parts], factors);
    }

    @Override
    public void apply(long step, GradientClip.Clipping clipping, Map<String, Double> values) {
        if (made <= step - staleness) {
            make(clipping.factors(), values);
        }
        stepsHere++;
        stepBegins(step + 1);
    }

    /** The next update, and what it makes of student and average. */
    private void make(double[] factors, Map<String, Double> values) {
        Hyper now = schedule.apply(made);
        client.commit(made, update(now, factors, topology.note(made, values)), student);
        made++;
        updates++;
        boolean frozen = updates <= optimization.config().freezeBackboneSteps();
        (frozen ? emaOfHeads : ema).update(average, student, now.momentum());
    }

    @Override
    public void settle(long step) {
        while (made < step) {
            make(clip.clipping(client.norms(made)).factors(), Map.of());
        }
    }

    private static StepUpdate update(Hyper now, double[] factors, byte[] note) {
        return new StepUpdate(now.lr(), now.lastLayerLr(), now.weightDecay(), now.momentum(), factors, note);
    }

    @Override
    public ParameterVector firstMoment() {
        first = Optional.of(first.orElseGet(() -> pulled(StateVector.FIRST)));
        return first.get();
    }

    @Override
    public ParameterVector secondMoment() {
        second = Optional.of(second.orElseGet(() -> pulled(StateVector.SECOND)));
        return second.get();
    }

    /** Before this process has taken its place there is nothing to fetch: whoever asks then is about to fill the vector. */
    private ParameterVector pulled(StateVector vector) {
        ParameterVector v = ParameterVector.zeros(student.layout(), DataType.FLOAT);
        if (entered) {
            client.pull(vector, made, v);
        }
        return v;
    }

    @Override
    public long steps() {
        return updates;
    }

    @Override
    public void restored(long step, long done) {
        localStep = step;
        updates = done;
    }

    @Override
    public void meanwhile(Runnable work) {
        var beating = pulse.scheduleAtFixedRate(client::alive, 0, 1, TimeUnit.SECONDS);
        try {
            work.run();
        } finally {
            beating.cancel(false);
        }
    }

    /** What the way over the servers has cost since the last time that somebody came or went. */
    private void report() {
        if (stepsHere > 0) {
            FrameChannel.Volume v = client.volume();
            topology.say(
                    "%d steps by way of the servers: %.2f MB sent and %.2f MB received in each, %.0f%% of the time in exchange"
                            .formatted(
                                    stepsHere,
                                    (v.sent() - volumeBefore.sent()) / 1e6 / stepsHere,
                                    (v.received() - volumeBefore.received()) / 1e6 / stepsHere,
                                    100.0 * (client.exchangeNanos() - nanosBefore) / (System.nanoTime() - began)));
        }
    }

    @Override
    public void close() {
        report();
        pulse.shutdownNow();
        sender.close();
    }

    /** This process as the servers may need it. */
    private final class Self implements Member {
        @Override
        public boolean isChief() {
            return topology.isChief();
        }

        @Override
        public StepUpdate update(long step, double[] squares) {
            Map<String, Double> unknown = Map.of();
            return ClusterUpdate.update(
                    schedule.apply(step), clip.clipping(squares).factors(), topology.note(step, unknown));
        }

        @Override
        public boolean accepts(byte[] note) {
            return topology.accepts(note);
        }

        @Override
        public Optional<State> state() {
            return entered
                    ? Optional.empty()
                    : Optional.of(new State(localStep, updates, topology.note(localStep - 1, Map.of()), this::vector));
        }

        private ParameterVector vector(StateVector vector) {
            return switch (vector) {
                case STUDENT -> student;
                case TEACHER -> average;
                case FIRST -> firstMoment();
                case SECOND -> secondMoment();
            };
        }
    }
}
