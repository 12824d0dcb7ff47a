package io.dino4j.train.scaling.measure;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.train.Recipe;
import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.GradientEncoding;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.cluster.server.Peer;
import io.dino4j.train.cluster.server.Settings;
import io.dino4j.train.cluster.server.ShardServer;
import io.dino4j.train.cluster.worker.ParameterClient;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.optim.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;

/** A server of one run that is told everything by calls, without a network. */
final class TrialServer implements AutoCloseable {
    private static final int RANKS = 4;
    private static final long GENERATION = 1;
    private static final double LR = 1e-4;
    private static final double WEIGHT_DECAY = 0.04;
    private static final double MOMENTUM = 0.99;

    private final Path folder;
    private final Workers workers = new Workers(1);
    private final ShardServer server;
    private final ParameterLayout layout;
    private final ByteBuffer floats;
    private final Inbox inbox = new Inbox();
    private long requests;
    private long view;
    private long step;
    private int subNetworks;

    /** Who tells it everything, and hears what it says. */
    private static final class Inbox implements Peer {
        private Message last = new Message.Ack(0);

        @Override
        public String name() {
            return "measurement";
        }

        @Override
        public void send(Message message) {
            last = message;
        }
    }

    /**
     * Seconds of two steps, and what was done in them.
     *
     * @param sum seconds of pushes and of the squares
     * @param bytes of gradients as the simulation counts them: each when it comes, when it is added after it has waited, and when it is squared
     * @param update seconds of the commits
     * @param updates parameters
     */
    record Cost(double sum, double bytes, double update, double updates) {}

    /**
     * A server that has a state.
     *
     * @param prototypes of each head of a small network: they make up its parameters
     */
    TrialServer(int prototypes) throws IOException {
        RunConfig config = ConfigLayers.defaults()
                .preset("nano")
                .overrides(List.of("dino.head_n_prototypes=" + prototypes, "ibot.head_n_prototypes=" + prototypes))
                .resolve();
        layout = Recipe.step(config).student().layout();
        floats = ByteBuffer.allocateDirect(ParameterClient.PUSHED_AT_ONCE * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < ParameterClient.PUSHED_AT_ONCE; i++) {
            floats.putFloat(i * Float.BYTES, 1e-3f * (i % 7 - 3));
        }
        folder = Files.createTempDirectory("dino4j-measure");
        server = new ShardServer(
                new Settings(0, 1, folder, Long.MAX_VALUE, Duration.ofHours(1), 0), workers, line -> {});
        load(config);
    }

    private void load(RunConfig config) {
        int extras = 0; // with Sinkhorn-Knopp, as nano has it
        ask(new Message.Configure(
                ++requests, 0, config.toYaml(), config.hash(), 0, 1, RANKS, 1, layout.length(), extras));
        view = ((Message.Seat) ask(new Message.Join(++requests, inbox.name(), 0))).view();
        ask(new Message.Fence(++requests, view));
        for (StateVector vector : EnumSet.complementOf(EnumSet.of(StateVector.EXTRAS))) {
            forParts((offset, part) -> ask(new Message.Load(++requests, GENERATION, view, vector, offset, part)));
        }
        ask(new Message.Loaded(++requests, GENERATION, view, 0, 0, new byte[0]));
        subNetworks = (int) layout.entries().stream()
                .map(e -> e.name().substring(0, e.name().indexOf('.')))
                .distinct()
                .count();
    }

    private interface Part {
        void take(long offset, ByteBuffer part);
    }

    private void forParts(Part each) {
        for (long at = 0; at < layout.length(); at += ParameterClient.PUSHED_AT_ONCE) {
            int n = (int) Math.min(ParameterClient.PUSHED_AT_ONCE, layout.length() - at);
            each.take(at, floats.duplicate().order(ByteOrder.LITTLE_ENDIAN).limit(n * Float.BYTES));
        }
    }

    private Message ask(Message question) {
        server.handle(inbox, question);
        if (inbox.last.request() != question.request() || inbox.last instanceof Message.Refused) {
            throw new IllegalStateException("a server on trial answered " + inbox.last);
        }
        return inbox.last;
    }

    /** Two steps: the gradients of the ranks in their order, which are added as they come, and the other way round, when all but the last wait. */
    Cost steps() {
        Cost inOrder = step(false);
        Cost reversed = step(true);
        return new Cost(
                inOrder.sum + reversed.sum,
                inOrder.bytes + reversed.bytes,
                inOrder.update + reversed.update,
                inOrder.updates + reversed.updates);
    }

    private Cost step(boolean reversed) {
        Attempt attempt = new Attempt(GENERATION, view, step++);
        double begin = CpuTime.seconds();
        for (int i = 0; i < RANKS; i++) {
            int rank = reversed ? RANKS - 1 - i : i;
            forParts((offset, part) -> server.handle(
                    inbox,
                    new Message.Push(
                            attempt, rank, 1, offset, part.remaining() / Float.BYTES, GradientEncoding.F32, part)));
        }
        ask(new Message.Norms(++requests, attempt, 0));
        double summed = CpuTime.seconds();
        double[] factors = new double[subNetworks];
        Arrays.fill(factors, 1);
        ask(new Message.Commit(++requests, attempt, LR, LR, WEIGHT_DECAY, MOMENTUM, factors, new byte[0]));
        double updated = CpuTime.seconds();
        int times = RANKS + 1 + (reversed ? RANKS - 1 : 0);
        return new Cost(
                summed - begin, (double) times * Float.BYTES * layout.length(), updated - summed, layout.length());
    }

    /** The server, for messages of other peers. */
    ShardServer server() {
        return server;
    }

    /** The layout of its parameters. */
    ParameterLayout layout() {
        return layout;
    }

    /** What gradients look like: a message's floats. */
    ByteBuffer floats() {
        return floats;
    }

    /** A message of gradients that it takes for the present step. */
    Message push() {
        Attempt attempt = new Attempt(GENERATION, view, step);
        int n = (int) Math.min(ParameterClient.PUSHED_AT_ONCE, layout.length());
        return new Message.Push(
                attempt, 0, 1, 0, n, GradientEncoding.F32, floats.duplicate().limit(n * Float.BYTES));
    }

    @Override
    public void close() throws IOException {
        server.close();
        workers.close();
        Files.deleteIfExists(folder);
    }
}
