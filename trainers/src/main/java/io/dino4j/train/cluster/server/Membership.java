package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Who takes part, and which ranks each worker has: dealt in the order of names, so that it does not depend on who came first. Every change
 * makes a new view.
 */
final class Membership {
    /** A worker with a seat, or one that waits for the others at the start. */
    private static final class Member {
        private final Peer peer;
        private long heard;
        private long blocked = Long.MIN_VALUE;
        private boolean isGone;

        Member(Peer peer, long now) {
            this.peer = peer;
            this.heard = now;
        }
    }

    private final int worldSize;
    private final int expected;
    private final long stallNanos;
    private final Consumer<String> log;
    private final TreeMap<String, Member> members = new TreeMap<>();
    private boolean isFormed;
    private boolean wasUnderWay;
    private long firstJoin;
    private long newest; // view that anybody has heard of
    private long view;

    /**
     * Nobody yet.
     *
     * @param worldSize ranks (W)
     * @param expected workers that make up the first view, 1 to W
     * @param stallTimeout see {@link Settings}
     * @param view views given out before
     * @param log takes lines for people
     */
    Membership(int worldSize, int expected, Duration stallTimeout, long view, Consumer<String> log) {
        this.worldSize = worldSize;
        this.expected = expected;
        this.stallNanos = stallTimeout.toNanos();
        this.newest = view;
        this.view = view;
        this.log = log;
    }

    /** True if it deals as many ranks to as many workers. */
    boolean isFor(int ranks, int workers) {
        return worldSize == ranks && expected == workers;
    }

    /** The newest view, 0 before the first. */
    long view() {
        return view;
    }

    /** Those who are to know of a new view. */
    List<Peer> peers() {
        return members.values().stream().filter(m -> !m.isGone).map(m -> m.peer).toList();
    }

    /** Gives a seat, or says why not yet. */
    Message join(Peer peer, Message.Join m, long now) {
        newest = Math.max(newest, m.after());
        wasUnderWay |= m.after() > 0;
        Member known = members.get(m.name());
        if (known == null && members.size() == expected) {
            return new Message.Refused(
                    m.request(),
                    "all %d seats are taken, by %s".formatted(expected, String.join(", ", members.keySet())));
        }
        if (members.isEmpty()) {
            firstJoin = now;
        }
        boolean isSame = known != null && known.peer == peer;
        if (!isSame) {
            members.put(m.name(), new Member(peer, now));
        } else {
            known.heard = now;
        }
        if (!isFormed && members.size() < expected) {
            return new Message.Waiting(m.request(), members.size(), expected);
        }
        if (!isFormed || !isSame || newest > view) {
            deal("worker '%s' %s".formatted(m.name(), known == null ? "has joined" : "has come back"), now);
        }
        return seat(m);
    }

    private Message.Seat seat(Message.Join m) {
        int place = members.headMap(m.name()).size();
        int first = first(place);
        return new Message.Seat(m.request(), view, first, first(place + 1) - first, members.size());
    }

    private int first(int place) {
        return (int) ((long) worldSize * place / members.size());
    }

    private void deal(String why, long now) {
        isFormed = true;
        newest = Math.max(newest, view) + 1;
        view = newest;
        members.values().forEach(m -> {
            m.heard = m.isGone ? m.heard : now;
            m.blocked = Long.MIN_VALUE;
        });
        log.accept("%s; view %d: %s".formatted(why, view, ranks()));
    }

    private String ranks() {
        List<String> all = new ArrayList<>();
        for (String name : members.keySet()) {
            int first = first(all.size());
            int last = first(all.size() + 1) - 1;
            all.add("%s has rank%s %s"
                    .formatted(name, first == last ? "" : "s", first == last ? "" + first : first + "-" + last));
        }
        return all.isEmpty() ? "nobody is left" : String.join(", ", all);
    }

    /** Gives a seat back; nothing happens if there is none of this name that this peer holds. */
    void leave(Peer peer, String name, long now) {
        Member member = members.get(name);
        if (member != null && member.peer == peer) {
            members.remove(name);
            if (isFormed) {
                deal("worker '%s' has left".formatted(name), now);
            }
        }
    }

    /** The connection to a peer is lost; its seat is kept for a while. */
    void left(Peer peer, long now) {
        find(peer).ifPresent(e -> {
            if (!isFormed) {
                members.remove(e.getKey());
            } else {
                e.getValue().isGone = true;
                e.getValue().heard = now;
            }
        });
    }

    private Optional<Map.Entry<String, Member>> find(Peer peer) {
        return members.entrySet().stream()
                .filter(e -> e.getValue().peer == peer)
                .findFirst();
    }

    /** A peer has said something that counts. */
    void heard(Peer peer, long now) {
        find(peer).ifPresent(e -> e.getValue().heard = now);
    }

    /** A peer waits for others. */
    void blocked(Peer peer, long now) {
        find(peer).ifPresent(e -> {
            e.getValue().heard = now;
            e.getValue().blocked = now;
        });
    }

    /**
     * Drops who is gone or holds up the others.
     *
     * @param hasPending true for a peer that waits for an answer of this server
     */
    void tick(long now, Predicate<Peer> hasPending) {
        if (!isFormed) {
            if (wasUnderWay && !members.isEmpty() && now - firstJoin > stallNanos) {
                deal("the others do not come back", now);
            }
            return;
        }
        boolean someWait = members.values().stream().anyMatch(m -> isWaiting(m, now, hasPending));
        List<String> reasons = new ArrayList<>();
        for (String name : List.copyOf(members.keySet())) {
            Member m = members.get(name);
            boolean holdsUp = m.isGone || someWait && !isWaiting(m, now, hasPending);
            if (holdsUp && now - m.heard > stallNanos) {
                members.remove(name);
                reasons.add("worker '%s' is dropped: it %s %.0f s"
                        .formatted(
                                name,
                                m.isGone ? "has been gone for" : "holds up the others, and has said nothing for",
                                (now - m.heard) / 1e9));
            }
        }
        if (!reasons.isEmpty()) {
            deal(String.join("; ", reasons), now);
        }
    }

    private boolean isWaiting(Member m, long now, Predicate<Peer> hasPending) {
        boolean isBlocked = m.blocked != Long.MIN_VALUE && now - m.blocked <= stallNanos;
        return !m.isGone && (isBlocked || hasPending.test(m.peer));
    }
}
