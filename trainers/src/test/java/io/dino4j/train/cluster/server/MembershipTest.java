package io.dino4j.train.cluster.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.cluster.message.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MembershipTest {
    private static final long SECOND = 1_000_000_000;

    private final List<String> log = new ArrayList<>();
    private final Membership seats = new Membership(5, 3, Duration.ofSeconds(10), 0, log::add);
    private final Peer a = peer("a");
    private final Peer b = peer("b");
    private final Peer c = peer("c");

    private static Peer peer(String name) {
        return new SimulatedCluster.Link(name, 0);
    }

    private Message join(Peer peer, long after, long now) {
        return seats.join(peer, new Message.Join(1, peer.name(), after), now);
    }

    private static Message.Seat seat(long view, int first, int count, int workers) {
        return new Message.Seat(1, view, first, count, workers);
    }

    private void fill() {
        assertEquals(new Message.Waiting(1, 1, 3), join(c, 0, 0));
        assertEquals(new Message.Waiting(1, 2, 3), join(a, 0, 0));
        assertEquals(seat(1, 1, 2, 3), join(b, 0, 0));
        assertEquals(seat(1, 0, 1, 3), join(a, 0, 0));
        assertEquals(seat(1, 3, 2, 3), join(c, 0, 0));
    }

    @Test
    void ranksAreDealtInTheOrderOfNamesOnceAllAreThere() {
        fill();
        assertEquals(List.of("worker 'b' has joined; view 1: a has rank 0, b has ranks 1-2, c has ranks 3-4"), log);
        assertEquals(new Message.Refused(1, "all 3 seats are taken, by a, b, c"), join(peer("d"), 0, 0));
    }

    @Test
    void whoComesBackTakesHisSeat() {
        fill();
        Peer again = peer("b");
        assertEquals(seat(2, 1, 2, 3), join(again, 0, 0));
        seats.leave(b, "b", 0); // of the seat's former holder
        assertEquals(2, seats.view());
        assertEquals(seat(2, 0, 1, 3), join(a, 1, 0));
        assertEquals(seat(8, 0, 1, 3), join(a, 7, 0));
    }

    @Test
    void whoHoldsUpTheOthersIsDroppedAndMayReturn() {
        fill();
        seats.blocked(a, 5 * SECOND);
        seats.heard(c, 9 * SECOND);
        seats.tick(10 * SECOND, p -> false);
        assertEquals(1, seats.view());
        seats.tick(11 * SECOND, p -> false);
        assertEquals(2, seats.view());
        assertEquals(
                "worker 'b' is dropped: it holds up the others, and has said nothing for 11 s; view 2: a has ranks 0-1, c has ranks 2-4",
                log.get(1));
        assertEquals(seat(2, 0, 2, 2), join(a, 1, 11 * SECOND));
        assertEquals(seat(3, 1, 2, 3), join(b, 1, 12 * SECOND));
    }

    @Test
    void nobodyIsDroppedWhileNobodyWaits() {
        fill();
        seats.tick(1000 * SECOND, p -> false);
        assertEquals(1, seats.view());
        seats.heard(b, 1000 * SECOND);
        seats.tick(1005 * SECOND, p -> p == a);
        assertEquals(2, seats.view());
        assertEquals(seat(2, 0, 2, 2), join(a, 0, 1005 * SECOND));
        assertEquals(seat(2, 2, 3, 2), join(b, 0, 1005 * SECOND));
    }

    @Test
    void whoIsGoneKeepsHisSeatForAWhile() {
        fill();
        seats.left(b, SECOND);
        seats.tick(11 * SECOND, p -> false);
        assertEquals(List.of(a, c), seats.peers());
        assertEquals(1, seats.view());
        seats.tick(12 * SECOND, p -> false);
        assertEquals(2, seats.view());
        assertTrue(log.get(1).startsWith("worker 'b' is dropped: it has been gone for 11 s"), log.get(1));
    }

    @Test
    void whoLeavesGivesItsRanksToTheOthers() {
        fill();
        seats.leave(a, "a", 0);
        seats.leave(b, "b", 0);
        assertEquals(seat(3, 0, 5, 1), join(c, 0, 0));
        seats.leave(c, "c", 0);
        assertTrue(log.get(3).endsWith("nobody is left"), log.get(3));
    }

    /** A server of seats that was killed does not know how many are left of a run. */
    @Test
    void aRunThatWasUnderWayDoesNotWaitForEver() {
        assertEquals(new Message.Waiting(1, 1, 3), join(a, 6, 0));
        seats.left(a, SECOND);
        assertEquals(new Message.Waiting(1, 1, 3), join(c, 4, 2 * SECOND));
        seats.tick(12 * SECOND, p -> false);
        assertEquals(new Message.Waiting(1, 1, 3), join(c, 4, 12 * SECOND));
        seats.tick(13 * SECOND, p -> false);
        assertEquals(seat(7, 0, 5, 1), join(c, 4, 13 * SECOND));
    }
}
