package io.dino4j.train.cluster.worker;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.Message.Status;
import io.dino4j.train.optim.Shard;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The ways to all servers of a run: opened when a worker takes its place, and anew when they are lost. */
final class ShardLinks implements AutoCloseable {
    /** Pauses between two lines to the user. */
    static final long PATIENCE = 50;

    private static final long PAUSE = 200;
    private static final long PHASE_TRIES = 3000;

    private final FrameChannel.Dialer dialer;
    private final Consumer<String> say;
    private final List<ShardLink> links = new ArrayList<>();
    private List<Shard> shards = List.of();
    private long newestView; // that any server has spoken of
    private FrameChannel.Volume closed = FrameChannel.Volume.NONE;
    private volatile Attempt attempt = new Attempt(0, 0, 0);

    ShardLinks(FrameChannel.Dialer dialer, Consumer<String> say) {
        this.dialer = dialer;
        this.say = say;
    }

    ShardLink get(int shard) {
        return links.get(shard);
    }

    int size() {
        return links.size();
    }

    List<Shard> shards() {
        return shards;
    }

    /** What this worker does from now on. */
    void attempt(Attempt now) {
        attempt = now;
        links.forEach(l -> l.attempt(now));
    }

    Attempt attempt() {
        return attempt;
    }

    /** The newest view that any server has spoken of. */
    long newestView() {
        return newestView;
    }

    void heard(long view) {
        newestView = Math.max(newestView, view);
    }

    /** Reaches all servers, those that are lost anew, and tells them what they hold. */
    void connect(RunSetup setup) throws RefusedByServerException {
        shards = setup.shards();
        for (int i = 0; i < shards.size(); i++) {
            boolean fresh = i >= links.size() || links.get(i).isLost();
            if (fresh) {
                ShardLink link = dial(i);
                if (i < links.size()) {
                    forget(links.set(i, link));
                    // a new view for all: the others may not have noticed, and wait for this worker
                    heard(attempt.view() + 1);
                } else {
                    links.add(link);
                }
                link.attempt(attempt);
            }
        }
        for (int i = 0; i < shards.size(); i++) {
            configure(setup, i);
        }
    }

    /** A server may still hold the phase before: the chief ends it, and the others wait for that. */
    private void configure(RunSetup setup, int shard) throws RefusedByServerException {
        for (long tries = 0; ; tries++) {
            try {
                configure(setup, shard, setup.generation());
                return;
            } catch (RefusedByServerException e) {
                if (setup.phase() == 0 || setup.chief() || tries == PHASE_TRIES) {
                    throw e;
                }
                pause();
            }
        }
    }

    private Status configure(RunSetup s, int shard, long generation) throws RefusedByServerException {
        ShardLink link = links.get(shard);
        long id = link.next();
        link.send(new Message.Configure(
                id,
                generation,
                s.yaml(),
                s.configHash(),
                shard,
                shards.size(),
                s.worldSize(),
                s.workers(),
                s.totalLength(),
                s.extras()));
        return link.await(id, Status.class, () -> {});
    }

    private ShardLink dial(int shard) throws RefusedByServerException {
        for (long tries = 0; ; tries++) {
            try {
                return new ShardLink(shard, dialer.dial(shard), this::heard);
            } catch (RefusedByServerException e) {
                throw e;
            } catch (IOException e) {
                if (tries % PATIENCE == PATIENCE - 1) {
                    say.accept("waiting for server %d: %s".formatted(shard, e.getMessage()));
                }
                pause();
            }
        }
    }

    private void forget(ShardLink link) {
        closed = closed.plus(link.volume());
        link.close();
    }

    void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the servers", e);
        }
    }

    FrameChannel.Volume volume() {
        FrameChannel.Volume all = closed;
        for (ShardLink link : links) {
            all = all.plus(link.volume());
        }
        return all;
    }

    @Override
    public void close() {
        links.forEach(ShardLink::close);
    }
}
