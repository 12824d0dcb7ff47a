package io.dino4j.train.cluster.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.Recipe;
import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.GradientEncoding;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.optim.Workers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One fault after another, each on its own. */
final class ShardServerTest {
    private static final Attempt FIRST = new Attempt(1, 1, 0);
    private static Workers workers;

    @TempDir
    private Path folder;

    private ServerScript two;
    private SimulatedCluster.Link a;

    @BeforeAll
    static void startWorkers() {
        workers = new Workers(1);
    }

    @AfterAll
    static void stopWorkers() {
        workers.close();
    }

    @BeforeEach
    void begin() {
        two = new ServerScript(folder, 2, 0, workers);
        a = two.begin("a");
    }

    @AfterEach
    void end() {
        two.close();
    }

    private Message.Status fence(SimulatedCluster.Link peer, int server, long view) {
        return assertInstanceOf(Message.Status.class, two.ask(peer, server, new Message.Fence(two.next(), view)));
    }

    private Message.Seat join(SimulatedCluster.Link peer, long after) {
        return assertInstanceOf(Message.Seat.class, two.ask(peer, 0, new Message.Join(two.next(), peer.name(), after)));
    }

    private void assertRefused(String reason, Message answer) {
        String text = assertInstanceOf(Message.Refused.class, answer).reason();
        assertTrue(text.contains(reason), text);
    }

    @Test
    void whatIsSaidTwiceIsDoneOnce() {
        two.pushAll(a, FIRST);
        two.pushAll(a, FIRST);
        Message.Commit commit = two.commit(a, FIRST);
        for (int i = 0; i < 2; i++) {
            assertEquals(new Message.Committed(commit.request(), 1), two.ask(a, i, commit));
            assertEquals(new Message.Committed(commit.request(), 1), two.ask(a, i, commit));
            assertEquals(List.of(), two.tell(a, i, two.push(i, FIRST, 0)));
            assertTrue(two.isAt(i, 1));
        }
        assertArrayEquals(new byte[] {0}, fence(a, 0, 1).note());
    }

    @Test
    void answersWaitForAllRanks() {
        Message.Norms norms = new Message.Norms(two.next(), FIRST, 0);
        assertEquals(List.of(), two.tell(a, 1, norms));
        assertEquals(List.of(), two.tell(a, 1, two.push(1, FIRST, 1)));
        assertFalse(fence(a, 1, 1).prepared());
        List<Message> answers = two.tell(a, 1, two.push(1, FIRST, 0));
        assertEquals(
                norms.request(),
                assertInstanceOf(Message.BlockSquares.class, answers.get(0)).request());
        assertTrue(fence(a, 1, 1).prepared());

        SimulatedCluster.Link b = ServerScript.peer("b");
        Message.Op sum = Message.Op.SUM;
        assertEquals(List.of(), two.tell(b, 0, new Message.Reduce(7, FIRST, 4, 1, 1, sum, new double[] {2})));
        Message mine = two.ask(a, 0, new Message.Reduce(8, FIRST, 4, 0, 1, sum, new double[] {3}));
        assertArrayEquals(new double[] {5}, ((Message.Reduced) mine).values());
        assertEquals(7, ServerScript.heard(b).get(0).request());
        Message again = two.ask(b, 0, new Message.Reduce(9, FIRST, 4, 1, 1, sum, new double[] {2}));
        assertArrayEquals(new double[] {5}, ((Message.Reduced) again).values());
    }

    /** A step is not prepared before it is there what the step leaves, and that counts from the commit on. */
    @Test
    void whatAStepLeavesIsPartOfIt() {
        Message.Norms norms = new Message.Norms(two.next(), FIRST, 0);
        assertEquals(List.of(), two.tell(a, 0, norms));
        assertEquals(List.of(), two.tell(a, 0, two.keep(FIRST, 40, 98)));
        for (int rank = 0; rank < 2; rank++) {
            assertEquals(List.of(), two.tell(a, 0, two.push(0, FIRST, rank)));
        }
        assertFalse(fence(a, 0, 1).prepared());
        assertRefused(
                "centres are missing",
                two.ask(a, 0, new Message.Commit(two.next(), FIRST, 0, 0, 0, 0, new double[2], new byte[0])));
        assertEquals(List.of(), two.tell(a, 0, two.keep(FIRST, 0, 39)));
        List<Message> answers = two.tell(a, 0, two.keep(FIRST, 30, 50)); // some of it twice
        assertEquals(norms.request(), answers.get(0).request());
        assertTrue(fence(a, 0, 1).prepared());
        assertTrue(two.isAt(0, 0));
        two.tell(a, 1, two.push(1, FIRST, 0));
        two.tell(a, 1, two.push(1, FIRST, 1));
        Message.Commit commit = two.commit(a, FIRST);
        two.ask(a, 0, commit);
        assertTrue(two.isAt(0, 1));
        assertEquals(List.of(), two.tell(a, 0, two.keep(FIRST, 0, 98)), "the step is made");
        two.pushAll(a, new Attempt(1, 1, 1));
        assertTrue(two.isAt(0, 1), "not before the step is made");
    }

    /** The floats of an older view are dropped with its gradients. */
    @Test
    void whatAnOlderViewLeftIsDropped() {
        two.pushAll(a, FIRST);
        SimulatedCluster.Link b = ServerScript.peer("a");
        join(b, 0);
        assertTrue(fence(b, 0, 2).prepared());
        assertEquals(List.of(new Message.Stale(0, 2, 1)), two.tell(a, 0, two.keep(FIRST, 0, 98)));
        Attempt again = new Attempt(1, 2, 0);
        two.tell(b, 0, two.push(0, again, 0));
        two.tell(b, 0, two.push(0, again, 1));
        assertFalse(fence(b, 0, 2).prepared());
        two.tell(b, 0, two.keep(again, 0, 98));
        assertTrue(fence(b, 0, 2).prepared());
    }

    /** The last committed step is still known: an answer may have been lost with a connection. */
    @Test
    void whoAsksLateIsToldWhatTheStepWas() {
        Message.Op sum = Message.Op.SUM;
        two.tell(a, 0, new Message.Reduce(7, FIRST, 4, 0, 2, sum, new double[] {3}));
        two.step(a, FIRST);
        assertInstanceOf(Message.BlockSquares.class, two.ask(a, 0, new Message.Norms(two.next(), FIRST, 0)));
        Message late = two.ask(a, 0, new Message.Reduce(8, FIRST, 4, 0, 2, sum, new double[] {3}));
        assertArrayEquals(new double[] {3}, ((Message.Reduced) late).values());
        two.step(a, new Attempt(1, 1, 1));
        assertRefused("step 0 is made long since", two.ask(a, 0, new Message.Norms(two.next(), FIRST, 0)));
    }

    @Test
    void aPullWaitsForItsStep() {
        Message.Pull pull = new Message.Pull(two.next(), StateVector.STUDENT, 1, 0, 10);
        SimulatedCluster.Link b = ServerScript.peer("b");
        assertEquals(List.of(), two.tell(b, 0, pull));
        two.step(a, FIRST);
        Message.Floats floats = (Message.Floats) ServerScript.heard(b).get(0);
        assertEquals(1, floats.step());
        assertEquals(
                two.run.states.get(1).get(StateVector.STUDENT)[3],
                floats.floats().getFloat(12));
    }

    /** Shard 0 made the step and shard 1 did not when the worker died: another completes it. */
    @Test
    void aCommitThatReachedOneOfTwoIsCompleted() {
        two.pushAll(a, FIRST);
        two.ask(a, 0, two.commit(a, FIRST));
        SimulatedCluster.Link b = ServerScript.peer("a");
        two.servers.get(0).left(a);
        Message.Seat seat = join(b, 0);
        assertEquals(2, seat.view());
        Message.Status ahead = fence(b, 0, 2);
        Message.Status behind = fence(b, 1, 2);
        assertEquals(List.of(1L, 0L), List.of(ahead.step(), behind.step()));
        assertTrue(behind.prepared());
        Attempt again = new Attempt(1, 2, 0);
        Message.Commit commit = two.commit(b, again);
        for (int i = 0; i < 2; i++) {
            assertEquals(new Message.Committed(commit.request(), 1), two.ask(b, i, commit));
            assertTrue(two.isAt(i, 1));
        }
    }

    @Test
    void theFirstContributionOfANewViewDropsThoseOfTheOld() {
        two.pushAll(a, FIRST);
        SimulatedCluster.Link b = ServerScript.peer("a");
        join(b, 0);
        fence(b, 1, 2);
        assertEquals(List.of(new Message.Stale(0, 2, 1)), two.tell(a, 1, two.push(1, FIRST, 0)));
        assertTrue(fence(b, 1, 2).prepared());
        Attempt again = new Attempt(1, 2, 0);
        assertEquals(List.of(), two.tell(b, 1, two.push(1, again, 0)));
        assertFalse(fence(b, 1, 2).prepared());
        assertRefused(
                "are missing",
                two.ask(b, 1, new Message.Commit(two.next(), again, 0, 0, 0, 0, new double[2], new byte[0])));
        two.pushAll(b, again);
        two.ask(b, 1, two.commit(b, again));
        assertTrue(two.isAt(1, 1));
    }

    @Test
    void olderViewsAndGenerationsAreStale() {
        SimulatedCluster.Link b = ServerScript.peer("a");
        Message.Norms waits = new Message.Norms(two.next(), FIRST, 0);
        assertEquals(List.of(), two.tell(a, 0, waits));
        two.servers.get(0).handle(b, new Message.Join(1, "a", 4));
        assertEquals(List.of(new Message.Stale(waits.request(), 5, 1)), ServerScript.heard(a));
        assertEquals(List.of(new Message.Seat(1, 5, 0, 2, 1)), ServerScript.heard(b));
        assertEquals(new Message.Stale(2, 5, 1), two.ask(a, 0, new Message.Fence(2, 1)));
        assertEquals(new Message.Stale(2, 5, 1), two.ask(a, 0, new Message.Fence(2, 6)));
        assertEquals(new Message.Stale(3, 5, 1), two.ask(a, 0, new Message.Blocked(3, FIRST)));
        Attempt now = new Attempt(1, 5, 0);
        assertEquals(new Message.Ack(3), two.ask(b, 0, new Message.Blocked(3, now)));
        assertEquals(new Message.Stale(4, 5, 1), two.ask(b, 0, new Message.Restore(4, 2, 4, 0)));
        assertInstanceOf(Message.Status.class, two.ask(b, 0, new Message.Restore(4, 2, 5, 0)));
        assertInstanceOf(Message.Status.class, two.ask(b, 0, new Message.Restore(4, 2, 5, 0)));
        assertEquals(new Message.Stale(5, 5, 2), two.ask(b, 0, new Message.Norms(5, now, 0)));
        assertEquals(
                new Message.Stale(6, 5, 2),
                two.ask(b, 0, new Message.Load(6, 1, 5, StateVector.STUDENT, 0, ByteBuffer.allocate(4))));
        assertEquals(new Message.Stale(7, 5, 2), two.ask(b, 0, new Message.Restore(7, 1, 5, 0)));
    }

    @Test
    void aSilentWorkerIsDroppedAndTheOthersAreTold() {
        Message.Op sum = Message.Op.SUM;
        try (ServerScript one = new ServerScript(folder.resolve("other"), 1, 0, workers)) {
            SimulatedCluster.Link x = ServerScript.peer("x");
            SimulatedCluster.Link y = ServerScript.peer("y");
            one.ask(x, 0, one.configure(0, 2));
            assertEquals(new Message.Waiting(1, 1, 2), one.ask(x, 0, new Message.Join(1, "x", 0)));
            assertEquals(new Message.Seat(2, 1, 1, 1, 2), one.ask(y, 0, new Message.Join(2, "y", 0)));
            assertEquals(List.of(new Message.Stale(0, 1, 0)), ServerScript.heard(x));
            assertEquals(new Message.Seat(3, 1, 0, 1, 2), one.ask(x, 0, new Message.Join(3, "x", 0)));
            one.load(x, 0, 1, 1);
            one.tell(x, 0, new Message.Reduce(4, FIRST, 0, 0, 1, sum, new double[] {1}));
            for (long second = 0; second < 3; second++) {
                one.servers.get(0).tick(second * 1_000_000_000);
                assertEquals(List.of(), ServerScript.heard(x));
            }
            one.servers.get(0).tick(100_000_000_000L); // the server was away: a second of that counts
            assertEquals(List.of(new Message.Stale(0, 2, 1), new Message.Stale(4, 2, 1)), ServerScript.heard(x));
            assertTrue(one.log.get(one.log.size() - 1).contains("'y' is dropped"), one.log::toString);
            assertEquals(new Message.Seat(5, 2, 0, 2, 1), one.ask(x, 0, new Message.Join(5, "x", 0)));
            assertEquals(
                    new Message.Stale(0, 2, 1),
                    one.tell(y, 0, one.push(0, FIRST, 1)).get(0));
            assertEquals(new Message.Seat(6, 3, 1, 1, 2), one.ask(y, 0, new Message.Join(6, "y", 2)));
        }
    }

    @Test
    void aKilledServerComesBackFromItsSnapshot() {
        for (int step = 0; step < 5; step++) {
            two.step(a, new Attempt(1, 1, step));
        }
        two.restart(1);
        assertEquals(List.of(new Message.Stale(0, 0, 0)), two.tell(a, 1, two.push(1, new Attempt(1, 1, 5), 0)));
        Message.Status s = (Message.Status) two.ask(a, 1, two.configure(1, 1));
        assertFalse(s.loaded());
        assertEquals(1, s.generation());
        assertArrayEquals(new long[] {4, 2}, s.snapshots());
        fence(a, 1, 1);
        assertRefused("no state of step 5", two.ask(a, 1, new Message.Restore(two.next(), 2, 1, 5)));
        for (int i = 0; i < 2; i++) {
            Message.Status back = (Message.Status) two.ask(a, i, new Message.Restore(two.next(), 2, 1, 2));
            assertEquals(List.of(2L, 2L, 2L), List.of(back.generation(), back.step(), back.optimizerSteps()));
            assertArrayEquals(new byte[] {1}, back.note());
            assertArrayEquals(new long[] {2}, back.snapshots());
            assertTrue(two.isAt(i, 2));
        }
        for (int step = 2; step < 5; step++) {
            two.step(a, new Attempt(2, 1, step));
        }
        assertTrue(two.isAt(0, 5) && two.isAt(1, 5));
    }

    /** Killed servers of seats start their views beyond those that the workers have heard of. */
    @Test
    void aKilledServerOfSeatsGivesNewViews() {
        two.restart(0);
        two.ask(a, 0, two.configure(0, 1));
        assertEquals(new Message.Stale(2, 0, 0), two.ask(a, 0, new Message.Fence(2, 1)));
        assertEquals(2, join(a, 1).view());
    }

    @Test
    void aStateIsLoadedWholeOrNotAtAll() {
        Message.Loaded loaded = new Message.Loaded(two.next(), 2, 1, 3, 3, new byte[] {5});
        two.ask(a, 0, two.part(0, 2, 1, StateVector.STUDENT));
        assertFalse(fence(a, 0, 1).loaded());
        assertRefused("0 of 11168 floats of TEACHER", two.ask(a, 0, loaded));
        two.ask(a, 0, two.part(0, 2, 1, StateVector.TEACHER));
        two.ask(a, 0, two.part(0, 2, 1, StateVector.FIRST));
        two.ask(a, 0, two.part(0, 2, 1, StateVector.SECOND));
        assertRefused("0 of 98 floats of EXTRAS", two.ask(a, 0, loaded));
        assertEquals(new Message.Stale(1, 1, 2), two.ask(a, 0, new Message.Pull(1, StateVector.STUDENT, 0, 0, 1)));
        for (StateVector v : StateVector.values()) {
            two.ask(a, 0, two.part(0, 2, 1, v));
        }
        Message.Status s = (Message.Status) two.ask(a, 0, loaded);
        assertEquals(List.of(2L, 3L, 3L), List.of(s.generation(), s.step(), s.optimizerSteps()));
        assertInstanceOf(Message.Status.class, two.ask(a, 0, loaded));
        assertInstanceOf(Message.Stale.class, two.ask(a, 0, two.part(0, 2, 1, StateVector.FIRST)));
        assertTrue(two.isAt(0, 0));
    }

    @Test
    void anotherRunIsRefusedWithTheReason() {
        Message.Configure c = two.configure(0, 1);
        assertRefused(
                "configuration",
                two.ask(a, 0, new Message.Configure(1, 0, c.yaml(), "x", 0, 2, 2, 1, c.totalLength(), c.extras())));
        assertRefused(
                "train.world_size 2 here, 3 at the worker",
                two.ask(
                        a,
                        0,
                        new Message.Configure(
                                1, 0, c.yaml(), c.configHash(), 0, 2, 3, 1, c.totalLength(), c.extras())));
        assertRefused(
                "this is server 0/2, not 1/2",
                two.ask(
                        a,
                        0,
                        new Message.Configure(
                                1, 0, c.yaml(), c.configHash(), 1, 2, 2, 1, c.totalLength(), c.extras())));
        two.restart(0);
        assertRefused(
                "22664 parameters here, and of 22665",
                two.ask(a, 0, new Message.Configure(1, 0, c.yaml(), c.configHash(), 0, 2, 2, 1, 22665, c.extras())));
        assertRefused(
                "leave 98 floats of centres here, and 99 at the worker",
                two.ask(a, 0, new Message.Configure(1, 0, c.yaml(), c.configHash(), 0, 2, 2, 1, c.totalLength(), 99)));
        assertRefused(
                "line 1 is not YAML",
                two.ask(
                        a,
                        0,
                        new Message.Configure(1, 0, "[", c.configHash(), 0, 2, 2, 1, c.totalLength(), c.extras())));
        assertRefused(
                "no.such.key",
                two.ask(
                        a,
                        0,
                        new Message.Configure(1, 0, "no.such.key: 1", "h", 0, 2, 2, 1, c.totalLength(), c.extras())));
        assertFalse(two.servers.get(0).isConfigured());
    }

    @Test
    void theNextPhaseDropsTheLast() {
        for (int step = 0; step < 2; step++) {
            two.step(a, new Attempt(1, 1, step));
        }
        RunConfig next = ConfigLayers.of(TinyRun.CONFIG)
                .overrides(List.of("crops.global_crops_size=40"))
                .resolve();
        long length = Recipe.step(next).student().layout().length();
        Message.Configure c = new Message.Configure(
                1, 7, next.toYaml(), next.hash(), 1, 2, ServerScript.WORLD, 1, length, TinyRun.EXTRAS);
        Message.Norms waits = new Message.Norms(two.next(), new Attempt(1, 1, 2), 0);
        assertEquals(List.of(), two.tell(a, 1, waits));
        List<Message> answers = two.tell(a, 1, c);
        assertEquals(new Message.Stale(waits.request(), 1, 7), answers.get(0));
        Message.Status s = (Message.Status) answers.get(1);
        assertEquals(List.of(7L, 1L), List.of(s.generation(), s.view()));
        assertEquals(0, s.snapshots().length);
        assertFalse(s.loaded());
        assertEquals(7, ((Message.Status) two.ask(a, 1, c)).generation());
        two.restart(0); // the other server was killed in between
        Message.Status killed = (Message.Status) two.ask(
                a, 0, new Message.Configure(1, 7, c.yaml(), c.configHash(), 0, 2, 2, 1, length, TinyRun.EXTRAS));
        assertEquals(0, killed.snapshots().length);
    }

    @Test
    void nonsenseIsRefusedAndChangesNothing() {
        ByteBuffer few = ByteBuffer.allocate(4);
        assertRefused(
                "2 floats from 11167 on",
                two.tell(a, 0, new Message.Push(FIRST, 0, 1, 11167, 2, GradientEncoding.F32, few))
                        .get(0));
        assertRefused(
                "4 bytes, where 8 are due",
                two.tell(a, 0, new Message.Push(FIRST, 0, 1, 0, 2, GradientEncoding.F32, few))
                        .get(0));
        assertRefused(
                "ranks 1 to 2 of 2",
                two.tell(a, 0, new Message.Push(FIRST, 1, 2, 0, 1, GradientEncoding.F32, few))
                        .get(0));
        assertRefused(
                "step 1 is not due",
                two.tell(a, 0, two.push(0, new Attempt(1, 1, 1), 0)).get(0));
        for (long[] range : new long[][] {{98, 99}, {97, 99}, {1L << 40, (1L << 40) + 3}}) {
            ByteBuffer floats = ByteBuffer.allocate((int) (range[1] - range[0]) * Float.BYTES);
            assertRefused(
                    "not in this server's range, 0 to 98",
                    two.tell(a, 0, new Message.Keep(FIRST, range[0], floats)).get(0));
        }
        assertRefused(
                "0 floats from 3 on",
                two.tell(a, 0, new Message.Keep(FIRST, 3, ByteBuffer.allocate(0)))
                        .get(0));
        assertRefused("range, 0 to 0", two.tell(a, 1, two.keep(FIRST, 0, 1)).get(0));
        assertRefused("range, 0 to 0", two.ask(a, 1, new Message.Pull(3, StateVector.EXTRAS, 0, 0, 1)));
        assertRefused(
                "step 1 is not due",
                two.tell(a, 0, two.keep(new Attempt(1, 1, 1), 0, 1)).get(0));
        assertRefused("a server is not told Ack", two.ask(a, 0, new Message.Ack(3)));
        assertRefused("seats are given by server 0", two.ask(a, 1, new Message.Join(3, "a", 0)));
        assertRefused("from 22663 on", two.ask(a, 1, new Message.Pull(3, StateVector.FIRST, 0, 22663, 2)));
        assertRefused(
                "step 0 cannot be made",
                two.ask(a, 0, new Message.Commit(3, FIRST, 0, 0, 0, 0, new double[2], new byte[0])));
        two.pushAll(a, FIRST);
        assertRefused("block 99", two.ask(a, 0, new Message.Norms(3, FIRST, 99)));
        assertRefused(
                "a factor for each of",
                two.ask(a, 0, new Message.Commit(3, FIRST, 0, 0, 0, 0, new double[1], new byte[0])));
        assertRefused(
                "a factor must be 0 to 1",
                two.ask(a, 0, new Message.Commit(3, FIRST, 0, 0, 0, 0, new double[] {1, Double.NaN}, new byte[0])));
        assertRefused(
                "make no step",
                two.ask(a, 0, new Message.Commit(3, FIRST, Double.NaN, 0, 0, 0, new double[2], new byte[0])));
        for (int i = 0; i < PendingAnswers.MOST; i++) {
            assertEquals(List.of(), two.tell(a, 0, new Message.Pull(3, StateVector.FIRST, 9, 0, 2)));
        }
        assertRefused("4096 requests wait already", two.ask(a, 0, new Message.Pull(3, StateVector.FIRST, 9, 0, 2)));
        two.servers.get(0).left(a);
        assertTrue(two.isAt(0, 0));
    }

    /** A worker that is ahead is heard: its gradients wait until their step is due. */
    @Test
    void gradientsMayComeEarlyWithinTheirStaleness() {
        try (ServerScript early = new ServerScript(folder.resolve("early"), 2, 1, workers)) {
            SimulatedCluster.Link x = early.begin("x");
            Attempt second = new Attempt(1, 1, 1);
            early.pushAll(x, second);
            assertRefused(
                    "step 2 is not due",
                    early.tell(x, 0, early.push(0, new Attempt(1, 1, 2), 0)).get(0));
            early.step(x, FIRST);
            early.pushAll(x, new Attempt(1, 1, 2));
            Message.Commit commit = early.commit(x, second);
            for (int i = 0; i < 2; i++) {
                early.ask(x, i, commit);
                assertTrue(early.isAt(i, 2));
            }
            early.ask(x, 0, early.commit(x, new Attempt(1, 1, 2)));
            assertTrue(early.isAt(0, 3));
        }
    }

    @Test
    void packedGradientsAreUnpackedIntoTheSum() {
        Attempt attempt = FIRST;
        two.tell(a, 0, two.keep(attempt, 0, TinyRun.EXTRAS));
        for (int rank = 0; rank < 2; rank++) {
            ByteBuffer packed = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
            packed.putInt(1).putFloat(0.5f).putInt(3).flip();
            two.tell(a, 0, new Message.Push(attempt, rank, 1, 0, 11168, GradientEncoding.THRESHOLD, packed));
        }
        Message m = two.ask(a, 0, new Message.Norms(two.next(), attempt, 0));
        assertEquals(1, Arrays.stream(((Message.BlockSquares) m).squares()).sum());
    }
}
