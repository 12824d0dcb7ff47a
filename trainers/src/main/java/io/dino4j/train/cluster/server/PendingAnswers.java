package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/** Requests that came too early for an answer. */
final class PendingAnswers {
    /** Requests of a peer: more than it takes to ask for all parts of a large range at once. */
    static final int MOST = 4096;

    /** A request; its supplier gives nothing while it is too early. */
    private record Pending(Peer peer, long request, Supplier<Optional<Message>> answer) {}

    private List<Pending> all = new ArrayList<>();

    /** The answer if there is one by now; else it is sent by {@link #settle}. */
    Optional<Message> now(Peer peer, long request, Supplier<Optional<Message>> answer) {
        Optional<Message> present = answer.get();
        if (present.isEmpty()) {
            if (all.stream().filter(p -> p.peer == peer).count() >= MOST) {
                throw new IllegalArgumentException("%d requests wait already".formatted(MOST));
            }
            all.add(new Pending(peer, request, answer));
        }
        return present;
    }

    /** Answers everybody whose time has come. */
    void settle() {
        List<Pending> waiting = all;
        all = new ArrayList<>();
        for (Pending p : waiting) {
            answer(p).ifPresentOrElse(p.peer::send, () -> all.add(p));
        }
    }

    private static Optional<Message> answer(Pending p) {
        try {
            return p.answer.get();
        } catch (IllegalArgumentException e) {
            return Optional.of(refusal(p.request, e.getMessage()));
        }
    }

    /** Gives every request the same answer. */
    void endAll(LongFunction<Message> answer) {
        all.forEach(p -> p.peer.send(answer.apply(p.request)));
        all.clear();
    }

    boolean isWaiting(Peer peer) {
        return all.stream().anyMatch(p -> p.peer == peer);
    }

    void forget(Peer peer) {
        all.removeIf(p -> p.peer == peer);
    }

    /** A refusal whose reason is one line that fits a message. */
    static Message refusal(long request, String reason) {
        String line = reason.lines().findFirst().orElse("");
        boolean fits = line.getBytes(StandardCharsets.UTF_8).length <= Limits.STRING;
        return new Message.Refused(request, fits ? line : line.substring(0, Limits.STRING / 4));
    }
}
