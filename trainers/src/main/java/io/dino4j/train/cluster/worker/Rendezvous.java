package io.dino4j.train.cluster.worker;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.Message.Status;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/**
 * How the workers of a new view find a step to go on with. Servers that are fenced listen to nobody of an older view, so all workers see the
 * same: servers at one step; or a step that some have made and the others hold the gradients of, which is completed; or servers that were
 * lost and have come back, which the chief brings to the newest step that all can offer, or to the state it has itself.
 */
final class Rendezvous {
    private final ShardLinks links;
    private final Servers servers;
    private final Member member;
    private final Message.Seat seat;
    private final Consumer<String> say;

    /**
     * Where the servers are.
     *
     * @param generation of their state
     */
    record Meeting(long generation, Standing standing) {}

    Rendezvous(ShardLinks links, Servers servers, Member member, Message.Seat seat, Consumer<String> say) {
        this.links = links;
        this.servers = servers;
        this.member = member;
        this.seat = seat;
        this.say = say;
    }

    private boolean leads() {
        return member.isChief() && seat.firstRank() == 0;
    }

    Meeting meet() throws RefusedByServerException {
        for (boolean told = false; ; ) {
            List<Status> all = servers.fence(seat.view());
            if (leads() && isOutdated(all)) {
                load(all);
                continue;
            }
            long generation = all.get(0).generation();
            if (all.stream().allMatch(s -> s.loaded() && s.generation() == generation)) {
                long least = all.stream().mapToLong(Status::step).min().orElseThrow();
                long most = all.stream().mapToLong(Status::step).max().orElseThrow();
                if (least == most) {
                    return meeting(all.get(0));
                }
                boolean held = all.stream().allMatch(s -> s.step() == most || s.prepared());
                if (most == least + 1 && held) {
                    complete(generation, least);
                    continue;
                }
            }
            if (leads()) {
                restore(all);
            } else {
                if (!told) {
                    say.accept("waiting for the worker that records the run to bring the servers to one step");
                    told = true;
                }
                links.pause();
            }
        }
    }

    /** True if what the servers have is not of this run, or is behind the chief's own state. */
    private boolean isOutdated(List<Status> all) {
        long newest = member.state().map(Member.State::step).orElse(-1L);
        return all.stream().filter(Status::loaded).anyMatch(s -> !member.accepts(s.note()) || s.step() < newest)
                && all.stream().noneMatch(s -> s.loaded() && s.step() >= newest && member.accepts(s.note()));
    }

    private static Meeting meeting(Status s) {
        return new Meeting(s.generation(), new Standing(s.step(), s.optimizerSteps(), s.note()));
    }

    private void complete(long generation, long step) {
        Attempt attempt = new Attempt(generation, seat.view(), step);
        links.attempt(attempt);
        servers.commit(attempt, member.update(step, servers.norms(attempt)));
        say.accept("step %d was made by some servers only; the others have followed".formatted(step));
    }

    private void restore(List<Status> all) throws RefusedByServerException {
        Set<Long> common = offers(all.get(0));
        all.forEach(s -> common.retainAll(offers(s)));
        if (common.isEmpty()) {
            load(all);
            return;
        }
        long step = common.stream().max(Comparator.naturalOrder()).orElseThrow();
        try {
            servers.restore(newGeneration(all), seat.view(), step);
            say.accept("the servers go on from step %d".formatted(step));
        } catch (RefusedByServerException e) {
            say.accept(e.getMessage()); // a snapshot that is damaged, and is not offered again
        }
    }

    private static Set<Long> offers(Status s) {
        Set<Long> steps = new TreeSet<>();
        LongStream.of(s.snapshots()).forEach(steps::add);
        if (s.loaded()) {
            steps.add(s.step());
        }
        return steps;
    }

    private void load(List<Status> all) throws RefusedByServerException {
        Member.State state = member.state().orElseThrow(LostStateException::new);
        servers.load(newGeneration(all), seat.view(), state);
        if (state.step() > 0) {
            say.accept("the servers were given the checkpoint of step %d".formatted(state.step()));
        }
    }

    private static long newGeneration(List<Status> all) {
        return 1 + all.stream().mapToLong(Status::generation).max().orElseThrow();
    }
}
