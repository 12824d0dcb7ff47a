package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.MalformedMessageException;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.optim.Workers;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One range of a run: its state, and how that moves from step to step. Methods that return an Optional give the answer, or nothing while it
 * is too early for one: they may be called again.
 */
final class ShardRun implements AutoCloseable {
    private final Plan plan;
    private final Settings settings;
    private final Consumer<String> log;
    private final ShardState state;
    private final Snapshots snapshots;
    private final PiecePool pool = new PiecePool();
    private final StepSums sums;
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
        sums = new StepSums(plan, settings.maxStaleness(), pool);
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
        boolean prepared = isLoaded && sums.of(step).isPrepared();
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
        snapshots.settle();
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
        sums.clear();
        events++;
    }

    private void begin(long newStep, long optimizerSteps, byte[] newNote) {
        step = newStep;
        sums.begin(step);
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
        StepSum sum = sums.of(m.attempt().step());
        m.encoding().decode(m.bytes(), unpacked, m.count());
        if (sum.add(m, m.offset() - plan.shard().from(), unpacked)) {
            events++;
        }
        return Optional.empty();
    }

    /** Takes values to be summed, unless their step is made. */
    void add(Message.Reduce m) {
        if (!isStale(m.attempt())
                && m.attempt().step() >= step
                && sums.of(m.attempt().step()).add(m)) {
            events++;
        }
    }

    /** The values of all ranks. */
    Optional<Message> reduced(long request, Attempt attempt, int tag) {
        if (isStale(attempt)) {
            return Optional.of(stale(request));
        }
        if (attempt.step() < step) {
            return Optional.of(sums.made(attempt.step())
                    .flatMap(m -> m.reductions().result(tag))
                    .<Message>map(values -> new Message.Reduced(request, tag, values))
                    .orElseGet(() -> forgotten(request, attempt.step())));
        }
        return sums.of(attempt.step())
                .reductions()
                .result(tag)
                .map(values -> new Message.Reduced(request, tag, values));
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
            return Optional.of(sums.made(wanted)
                    .map(past -> page(m, past.squares()))
                    .orElseGet(() -> forgotten(m.request(), wanted)));
        }
        return sums.of(wanted).squares(state.clip()).map(squares -> page(m, squares));
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
        StepSum sum = sums.of(step);
        if (m.attempt().step() > step || !sum.isPrepared()) {
            throw new IllegalArgumentException("step %d cannot be made: this server is at step %d, and gradients %s"
                    .formatted(m.attempt().step(), step, sum.isPrepared() ? "are there" : "are missing"));
        }
        snapshots.settle();
        state.update(sum.sum(), m);
        sums.next(state.clip());
        step++;
        note = m.note();
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

    @Override
    public void close() {
        snapshots.close();
        sums.close();
        pool.close();
        state.close();
    }
}
