package io.dino4j.train.cluster.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.GradientEncoding;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.Shard;
import io.dino4j.train.schedule.Hyper;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** A worker that does what a real one does but for the network: it draws its gradients, in chunks that it draws too. */
final class SimulatedWorker {
    private enum Phase {
        CONNECT,
        JOIN,
        FENCE,
        RESTORE,
        PUSH,
        NORMS,
        COMMIT,
        PULL
    }

    private final SimulatedCluster cluster;
    private final TinyRun run;
    private final String name;
    private final int expected;
    private final SplittableRandom random;
    private final GradientClip clip;
    private final Map<Integer, Message> answers = new HashMap<>(); // by server
    private final Map<Long, Integer> outstanding = new HashMap<>(); // request to server
    private final Deque<Message> toSay = new ArrayDeque<>();
    private List<SimulatedCluster.Link> links = new ArrayList<>();
    private List<Shard> shards;
    private Phase phase = Phase.CONNECT;
    private Message.Seat seat = new Message.Seat(0, 0, 0, 1, 1);
    private boolean isCompleting;
    private boolean isStalled;
    private long after;
    private long generation;
    private long step;
    private long stepsDone;
    private long requests;
    private long lastWord;

    SimulatedWorker(SimulatedCluster cluster, TinyRun run, String name, int expected, long seed, GradientClip clip) {
        this.cluster = cluster;
        this.run = run;
        this.name = name;
        this.expected = expected;
        this.random = new SplittableRandom(seed);
        this.clip = clip;
        this.shards = TinyRun.shards(cluster.shards());
    }

    List<SimulatedCluster.Link> links() {
        return links;
    }

    /** Steps that this worker knows to be made. */
    long step() {
        return stepsDone;
    }

    Message.Seat seat() {
        return seat;
    }

    String name() {
        return name;
    }

    /** Says nothing any more, or again. */
    void stall(boolean stalled) {
        isStalled = stalled;
    }

    @Override
    public String toString() {
        return "%s %s step %d waits for %s".formatted(name, phase, step, outstanding);
    }

    void act() {
        if (isStalled) {
            return;
        }
        if (links.stream().anyMatch(l -> l.isBroken)) {
            cluster.cut(links);
            links = new ArrayList<>();
            enter(Phase.CONNECT);
        }
        for (SimulatedCluster.Link link : links) {
            if (!link.toWorker.isEmpty()) {
                hear(link.server, SimulatedCluster.read(link.toWorker.poll()));
                return;
            }
        }
        if (!toSay.isEmpty()) {
            say(toSay.poll());
        } else if (outstanding.isEmpty()) {
            goOn();
        } else if (cluster.nanos() - lastWord > SimulatedCluster.STALL.toNanos() / 8 && isInStep()) {
            lastWord = cluster.nanos();
            links.get(0).tell(new Message.Blocked(0, attempt()));
        }
    }

    private boolean isInStep() {
        return phase.ordinal() >= Phase.PUSH.ordinal();
    }

    private void hear(int server, Message m) {
        Integer asked = outstanding.remove(m.request());
        if (m instanceof Message.Stale s) {
            after = Math.max(after, s.view());
            boolean isNews = s.view() > seat.view() || s.generation() > generation && isInStep();
            if (asked != null || isNews && phase != Phase.CONNECT && phase != Phase.JOIN) {
                enter(Phase.JOIN);
            }
        } else if (asked != null) {
            if (m instanceof Message.Refused r && phase != Phase.RESTORE) {
                throw new AssertionError(name + " in " + phase + " was refused: " + r.reason());
            }
            assertEquals(asked, server);
            answers.put(server, m);
        }
    }

    private void enter(Phase next) {
        phase = next;
        outstanding.clear();
        answers.clear();
        toSay.clear();
        isCompleting = false;
    }

    private void ask(int server, Message m) {
        lastWord = cluster.nanos();
        if (m.request() != 0) {
            outstanding.put(m.request(), server);
        }
        links.get(server).tell(m);
    }

    private void say(Message m) {
        int server = 0;
        if (m instanceof Message.Reduce r) {
            server = r.tag() % shards.size();
        } else if (m instanceof Message.Push p) {
            server = server(p.offset());
        }
        ask(server, m);
        if (random.nextInt(10) == 0) {
            ask(server, m); // twice is once
        }
    }

    private int server(long offset) {
        return IntStream.range(0, shards.size())
                .filter(i -> shards.get(i).contains(offset, 1))
                .findFirst()
                .orElseThrow();
    }

    private long next() {
        return ++requests;
    }

    private Attempt attempt() {
        return new Attempt(generation, seat.view(), step);
    }

    /** All answers are here: what comes next. */
    private void goOn() {
        switch (phase) {
            case CONNECT -> {
                if (answers.size() == shards.size()) {
                    enter(Phase.JOIN);
                } else {
                    connect();
                }
            }
            case JOIN -> {
                if (answers.get(0) instanceof Message.Seat s) {
                    seat = s;
                    after = s.view();
                    enter(Phase.FENCE);
                } else {
                    ask(0, new Message.Join(next(), name, after));
                }
            }
            case FENCE -> {
                if (answers.size() == shards.size()) {
                    recover();
                } else {
                    IntStream.range(0, shards.size()).forEach(i -> ask(i, new Message.Fence(next(), seat.view())));
                }
            }
            case RESTORE -> enter(Phase.FENCE);
            case PUSH -> {
                requireReduced();
                norms();
            }
            case NORMS -> commit();
            case COMMIT -> {
                if (isCompleting) {
                    enter(Phase.FENCE);
                } else {
                    step++;
                    pull();
                }
            }
            case PULL -> {
                requireState();
                stepsDone = step;
                push();
            }
        }
    }

    private void connect() {
        links = new ArrayList<>();
        for (int i = 0; i < shards.size(); i++) {
            links.add(cluster.connect(name, i));
            ask(
                    i,
                    new Message.Configure(
                            next(),
                            0,
                            TinyRun.YAML,
                            TinyRun.HASH,
                            i,
                            shards.size(),
                            cluster.worldSize(),
                            expected,
                            TinyRun.LENGTH,
                            TinyRun.EXTRAS));
        }
    }

    private List<Message.Status> statuses() {
        return answers.values().stream().map(Message.Status.class::cast).toList();
    }

    private void recover() {
        List<Message.Status> all = statuses();
        LongSummaryStatistics steps =
                all.stream().mapToLong(Message.Status::step).summaryStatistics();
        LongSummaryStatistics generations =
                all.stream().mapToLong(Message.Status::generation).summaryStatistics();
        boolean isOne = all.stream().allMatch(Message.Status::loaded) && generations.getMin() == generations.getMax();
        boolean canComplete = isOne
                && all.stream().filter(s -> s.step() == steps.getMin()).allMatch(Message.Status::prepared)
                && steps.getMax() == steps.getMin() + 1;
        if (isOne && steps.getMin() == steps.getMax()) {
            generation = generations.getMin();
            step = steps.getMin();
            assertEquals(step == 0 ? 0 : step, all.get(0).optimizerSteps());
            if (step > 0) {
                assertArrayEquals(note(step - 1), all.get(0).note());
            }
            pull();
        } else if (canComplete) {
            generation = generations.getMin();
            step = steps.getMin();
            norms();
            isCompleting = true;
        } else if (seat.firstRank() == 0) {
            restore(all, generations.getMax() + 1);
        } else {
            enter(Phase.FENCE);
        }
    }

    private void restore(List<Message.Status> all, long newGeneration) {
        long target = all.stream()
                .flatMapToLong(SimulatedWorker::offered)
                .filter(s -> all.stream().allMatch(other -> offered(other).anyMatch(o -> o == s)))
                .max()
                .orElse(-1);
        enter(Phase.RESTORE);
        for (int i = 0; i < shards.size(); i++) {
            if (target >= 0) {
                ask(i, new Message.Restore(next(), newGeneration, seat.view(), target));
            } else {
                load(i, newGeneration);
            }
        }
    }

    private static LongStream offered(Message.Status s) {
        LongStream snapshots = Arrays.stream(s.snapshots());
        return s.loaded() ? LongStream.concat(LongStream.of(s.step()), snapshots) : snapshots;
    }

    private void load(int server, long newGeneration) {
        for (StateVector v : StateVector.values()) {
            TinyRun.range(v, shards, server).ifPresent(shard -> {
                ByteBuffer floats = floats(run.states.get(0).get(v), (int) shard.from(), (int) shard.length());
                ask(server, new Message.Load(next(), newGeneration, seat.view(), v, shard.from(), floats));
            });
        }
        ask(server, new Message.Loaded(next(), newGeneration, seat.view(), 0, 0, new byte[0]));
    }

    private static ByteBuffer floats(float[] values, int from, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values, from, count);
        return bytes;
    }

    /** Gradients of every rank of the seat in chunks of any length, in any order, and sums between them. */
    private void push() {
        enter(Phase.PUSH);
        List<Message> all = new ArrayList<>();
        for (int rank = seat.firstRank(); rank < seat.firstRank() + seat.rankCount(); rank++) {
            float[] gradients = run.gradients.get((int) step)[rank];
            for (Shard shard : shards) {
                for (long at = shard.from(); at < shard.to(); ) {
                    int count = (int) Math.min(shard.to() - at, 1 + random.nextInt(6000));
                    all.add(new Message.Push(
                            attempt(), rank, 1, at, count, GradientEncoding.F32, floats(gradients, (int) at, count)));
                    at += count;
                }
            }
            for (int tag = 0; tag < 3; tag++) {
                all.add(new Message.Reduce(
                        next(), attempt(), tag, rank, 1, Message.Op.SUM, new double[] {step + 0.1 * rank, tag}));
            }
        }
        if (seat.firstRank() == 0) {
            float[] extras = run.states.get((int) step + 1).get(StateVector.EXTRAS);
            for (int at = 0; at < extras.length; ) {
                int count = Math.min(extras.length - at, 1 + random.nextInt(60));
                all.add(new Message.Keep(attempt(), at, floats(extras, at, count)));
                at += count;
            }
        }
        while (!all.isEmpty()) {
            toSay.add(all.remove(random.nextInt(all.size())));
        }
    }

    private void requireReduced() {
        double sum = 0.1 * 0 + step;
        for (int rank = 1; rank < cluster.worldSize(); rank++) {
            sum += step + 0.1 * rank;
        }
        for (Message m : answers.values()) {
            Message.Reduced r = (Message.Reduced) m;
            assertArrayEquals(new double[] {sum, (double) r.tag() * cluster.worldSize()}, r.values());
        }
    }

    private void norms() {
        enter(Phase.NORMS);
        IntStream.range(0, shards.size()).forEach(i -> ask(i, new Message.Norms(next(), attempt(), 0)));
    }

    private void commit() {
        double[] squares = IntStream.range(0, shards.size())
                .mapToObj(i -> ((Message.BlockSquares) answers.get(i)).squares())
                .flatMapToDouble(Arrays::stream)
                .toArray();
        boolean completing = isCompleting;
        enter(Phase.COMMIT);
        isCompleting = completing;
        Hyper h = TinyRun.hyper(step);
        double[] factors = clip.clipping(squares).factors();
        for (int i = 0; i < shards.size(); i++) {
            ask(
                    i,
                    new Message.Commit(
                            next(),
                            attempt(),
                            h.lr(),
                            h.lastLayerLr(),
                            h.weightDecay(),
                            h.momentum(),
                            factors,
                            note(step)));
        }
    }

    private static byte[] note(long step) {
        return new byte[] {(byte) step, 7};
    }

    private void pull() {
        enter(Phase.PULL);
        for (int i = 0; i < shards.size(); i++) {
            StateVector v = i == 0 && random.nextInt(4) == 0 ? StateVector.EXTRAS : StateVector.STUDENT;
            Shard part = TinyRun.range(v, shards, i).orElseThrow();
            ask(i, new Message.Pull(next(), v, step, part.from(), (int) part.length()));
        }
    }

    /** What the servers hold is what one process holds; others may be a step further already. */
    private void requireState() {
        for (int i = 0; i < shards.size(); i++) {
            Message.Floats f = (Message.Floats) answers.get(i);
            Shard part = TinyRun.range(f.vector(), shards, i).orElseThrow();
            float[] expected = Arrays.copyOfRange(
                    run.states.get((int) f.step()).get(f.vector()), (int) part.from(), (int) part.to());
            float[] values = new float[expected.length];
            f.floats().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
            assertArrayEquals(expected, values, f.vector() + " of step " + f.step());
        }
    }
}
