package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.MalformedMessageException;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.optim.Workers;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One range of a run: its state, and how that moves from step to step. Methods that return an Optional give the answer, or nothing while it
 * is too early for one: they may be called again.
 */
final class ShardRun implements AutoCloseable {
    /** What is told of a step that is made to who asks late. */
    private record Made(long step, double[] squares, Reductions reductions) {}

    private final Plan plan;
    private final Settings settings;
    private final Consumer<String> log;
    private final ShardState state;
    private final Snapshots snapshots;
    private final PiecePool pool = new PiecePool();
    private final Deque<StepSum> sums = new ArrayDeque<>(); // of the present step and those after it
    private final Deque<Made> made = new ArrayDeque<>(); // newest first
    private final float[] unpacked = new float[Limits.FLOATS];
    private final Loading loading;
    private long generation;
    private long view;
    private long step;
    private boolean isLoaded;
    private byte[] note = {};
    private long events;

    /**
     * Takes the memory.
     *
     * @param generation to begin with
     */
    ShardRun(
            Plan plan, Settings settings, Snapshots snapshots, long generation, Workers workers, Consumer<String> log) {
        this.plan = plan;
        this.settings = settings;
        this.snapshots = snapshots;
        this.generation = generation;
        this.log = log;
        state = new ShardState(plan, workers);
        loading = new Loading(plan.shard());
        for (int i = 0; i <= settings.maxStaleness(); i++) {
            sums.add(new StepSum(new GradientSum(plan.part().layout(), plan.worldSize(), pool), plan.worldSize()));
        }
    }

    /** What it holds. */
    Plan plan() {
        return plan;
    }

    long generation() {
        return generation;
    }

    long view() {
        return view;
    }

    /** Grows whenever something has happened that somebody may have waited for. */
    long events() {
        return events;
    }

    Message status(long request) {
        boolean prepared = isLoaded && sums.getFirst().isPrepared();
        return new Message.Status(
                request, generation, view, step, state.optimizerSteps(), prepared, isLoaded, snapshots.steps(), note);
    }

    Message stale(long request) {
        return new Message.Stale(request, view, generation);
    }

    /** True if what is said under this attempt does not count here. */
    boolean isStale(Attempt attempt) {
        return !isLoaded || attempt.generation() != generation || attempt.view() != view;
    }

    /** Refuses older views from now on. */
    Message fence(long request, long newView) {
        if (newView < view) {
            return stale(request);
        }
        if (newView > view) {
            view = newView;
            events++;
        }
        return status(request);
    }

    /** Takes part of a state. */
    Message load(Message.Load m) {
        boolean begins = m.generation() > generation;
        if (m.view() != view || !begins && !(loading.isOpen() && m.generation() == generation)) {
            return stale(m.request());
        }
        int count = m.floats().remaining() / Float.BYTES;
        state.requireInside(m.offset(), count);
        if (begins) {
            leave(m.generation());
            loading.begin();
        }
        state.bytes(m.vector(), m.offset(), count).put(m.floats().duplicate());
        loading.add(m.vector(), m.offset(), count);
        return new Message.Ack(m.request());
    }

    /** Begins with the state that was loaded. */
    Message loaded(Message.Loaded m) {
        if (m.view() != view || m.generation() != generation) {
            return stale(m.request());
        }
        if (loading.isOpen()) {
            loading.end();
            snapshots.discardFrom(m.step());
            begin(m.step(), m.optimizerSteps(), m.note());
            log.accept("loaded the state of step " + step);
        } else if (!isLoaded) {
            throw new IllegalArgumentException("nothing was loaded");
        }
        return status(m.request());
    }

    /** Goes back to a step. */
    Message restore(Message.Restore m) {
        boolean isRepeated = m.generation() == generation && isLoaded && !loading.isOpen();
        if (m.view() != view || m.generation() <= generation && !isRepeated) {
            return stale(m.request());
        }
        if (isRepeated) {
            requireStep(m.step() == step, m.step());
            return status(m.request());
        }
        if (isLoaded && m.step() == step) {
            leave(m.generation());
            begin(step, state.optimizerSteps(), note);
        } else {
            requireStep(Arrays.stream(snapshots.steps()).anyMatch(s -> s == m.step()), m.step());
            leave(m.generation());
            Snapshots.Header header = snapshots.load(m.step(), state.vectors());
            begin(header.step(), header.optimizerSteps(), header.note());
        }
        snapshots.discardFrom(step + 1);
        log.accept("back at step %d (generation %d)".formatted(step, generation));
        return status(m.request());
    }

    private void requireStep(boolean isThere, long wanted) {
        if (!isThere) {
            throw new IllegalArgumentException("no state of step %d: this server is at step %d and has snapshots of %s"
                    .formatted(wanted, step, Arrays.toString(snapshots.steps())));
        }
    }

    /** Gives up the present state for one of another generation. */
    private void leave(long newGeneration) {
        generation = newGeneration;
        isLoaded = false;
        loading.close();
        sums.forEach(StepSum::clear);
        made.clear();
        events++;
    }

    private void begin(long newStep, long optimizerSteps, byte[] newNote) {
        step = newStep;
        state.restoreSteps(optimizerSteps);
        note = newNote;
        isLoaded = true;
        events++;
    }

    /**
     * Takes gradients. Those of a step that is made change nothing.
     *
     * @return what is wrong with them
     */
    Optional<Message> push(Message.Push m) throws MalformedMessageException {
        if (isStale(m.attempt())) {
            return Optional.of(stale(0));
        }
        if (m.attempt().step() < step) {
            return Optional.empty();
        }
        state.requireInside(m.offset(), m.count());
        StepSum sum = sum(m.attempt().step());
        m.encoding().decode(m.bytes(), unpacked, m.count());
        if (sum.add(m, m.offset() - plan.shard().from(), unpacked)) {
            events++;
        }
        return Optional.empty();
    }

    private StepSum sum(long wanted) {
        long ahead = wanted - step;
        if (ahead < 0 || ahead >= sums.size()) {
            throw new IllegalArgumentException("step %d is not due: %d are made, and none may come %d early"
                    .formatted(wanted, step, settings.maxStaleness() + 1));
        }
        Iterator<StepSum> all = sums.iterator();
        for (long i = 0; i < ahead; i++) {
            all.next();
        }
        return all.next();
    }

    private Optional<Made> made(long wanted) {
        return made.stream().filter(m -> m.step == wanted).findFirst();
    }

    /** Takes values to be summed, unless their step is made. */
    void add(Message.Reduce m) {
        if (!isStale(m.attempt())
                && m.attempt().step() >= step
                && sum(m.attempt().step()).add(m)) {
            events++;
        }
    }

    /** The values of all ranks. */
    Optional<Message> reduced(long request, Attempt attempt, int tag) {
        if (isStale(attempt)) {
            return Optional.of(stale(request));
        }
        if (attempt.step() < step) {
            return Optional.of(made(attempt.step())
                    .flatMap(m -> m.reductions.result(tag))
                    .<Message>map(values -> new Message.Reduced(request, tag, values))
                    .orElseGet(() -> forgotten(request, attempt.step())));
        }
        return sum(attempt.step()).reductions().result(tag).map(values -> new Message.Reduced(request, tag, values));
    }

    private Message forgotten(long request, long wanted) {
        return new Message.Refused(request, "step %d is made long since: this server is at %d".formatted(wanted, step));
    }

    /** The squares of the summed gradients. */
    Optional<Message> squares(Message.Norms m) {
        if (isStale(m.attempt())) {
            return Optional.of(stale(m.request()));
        }
        long wanted = m.attempt().step();
        if (wanted < step) {
            return Optional.of(
                    made(wanted).map(past -> page(m, past.squares)).orElseGet(() -> forgotten(m.request(), wanted)));
        }
        return sum(wanted).squares(state.clip()).map(squares -> page(m, squares));
    }

    private static Message page(Message.Norms m, double[] squares) {
        int from = m.firstBlock();
        if (from >= squares.length) {
            throw new IllegalArgumentException("block %d of %d".formatted(from, squares.length));
        }
        int to = Math.min(squares.length, from + Limits.DOUBLES);
        return new Message.BlockSquares(
                m.request(), m.attempt().step(), from, squares.length, Arrays.copyOfRange(squares, from, to));
    }

    /** Makes the step, once. */
    Message commit(Message.Commit m) {
        if (isStale(m.attempt())) {
            return stale(m.request());
        }
        if (m.attempt().step() < step) {
            return new Message.Committed(m.request(), step);
        }
        StepSum sum = sums.getFirst();
        if (m.attempt().step() > step || !sum.isPrepared()) {
            throw new IllegalArgumentException("step %d cannot be made: this server is at step %d, and gradients %s"
                    .formatted(m.attempt().step(), step, sum.isPrepared() ? "are there" : "are missing"));
        }
        double[] squares = sum.squares(state.clip()).orElseThrow();
        state.update(sum.sum(), m);
        made.addFirst(new Made(step, squares, sum.reductions()));
        if (made.size() > sums.size()) {
            made.removeLast();
        }
        step++;
        note = m.note();
        sums.removeFirst();
        sum.clear();
        sums.addLast(sum);
        events++;
        if (step % settings.snapshotSteps() == 0) {
            snapshots.save(header(), state.vectors());
        }
        return new Message.Committed(m.request(), step);
    }

    private Snapshots.Header header() {
        return new Snapshots.Header(
                plan.wanted().configHash(),
                plan.wanted().shard(),
                plan.wanted().shards(),
                plan.shard().length(),
                generation,
                step,
                state.optimizerSteps(),
                note);
    }

    /**
     * Part of a vector.
     *
     * @param asked generation and view when it was asked for
     */
    Optional<Message> pull(Message.Pull m, Attempt asked) {
        state.requireInside(m.offset(), m.count());
        if (isStale(asked)) {
            return Optional.of(stale(m.request()));
        }
        if (step < m.minStep()) {
            return Optional.empty();
        }
        return Optional.of(new Message.Floats(
                m.request(), m.vector(), step, m.offset(), state.bytes(m.vector(), m.offset(), m.count())));
    }

    /** Pieces of memory that gradients have waited in so far, for tests. */
    int waitingPieces() {
        return pool.pieces();
    }

    @Override
    public void close() {
        sums.forEach(StepSum::close);
        pool.close();
        state.close();
    }
}
