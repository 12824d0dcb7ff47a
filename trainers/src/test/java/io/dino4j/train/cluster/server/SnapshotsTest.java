package io.dino4j.train.cluster.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.optim.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SnapshotsTest {
    private final Workers workers = new Workers(1);

    @TempDir
    private Path folder;

    private ServerScript one;
    private SimulatedCluster.Link a;

    @BeforeEach
    void sixSteps() {
        one = new ServerScript(folder, 1, 0, workers);
        a = one.begin("a");
        for (int step = 0; step < 6; step++) {
            one.step(a, new Attempt(1, 1, step));
        }
        written();
    }

    /** A server that tells of its snapshots has written the last. */
    private void written() {
        assertInstanceOf(Message.Status.class, one.ask(a, 0, one.configure(0, 1)));
    }

    @AfterEach
    void end() {
        one.close();
        workers.close();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(one.folder(0))) {
            return all.sorted().toList();
        }
    }

    private Message configureAgain() {
        one.restart(0);
        return one.ask(a, 0, one.configure(0, 1));
    }

    @Test
    void theTwoNewestAreKept() throws IOException {
        assertEquals(2, files().size());
        assertArrayEquals(new long[] {6, 4}, ((Message.Status) configureAgain()).snapshots());
    }

    @Test
    void aDamagedOneIsPassedOverAndReplaced() throws IOException {
        byte[] bytes = Files.readAllBytes(files().get(1));
        bytes[bytes.length - 1] ^= 1;
        Files.write(files().get(1), bytes);
        Files.writeString(one.folder(0).resolve("..snapshot.draft-1.draft"), "half");
        Files.writeString(one.folder(0).resolve("README"), "not ours");
        assertArrayEquals(new long[] {4}, ((Message.Status) configureAgain()).snapshots());
        assertTrue(one.log.stream().anyMatch(l -> l.contains("skipping a damaged snapshot")), one.log::toString);
        one.ask(a, 0, new Message.Join(1, "a", 1));
        one.ask(a, 0, new Message.Restore(1, 2, 2, 4));
        one.step(a, new Attempt(2, 2, 4));
        one.step(a, new Attempt(2, 2, 5));
        assertTrue(one.isAt(0, 6));
        written();
        assertEquals(3, files().size());
        assertArrayEquals(new long[] {6, 4}, ((Message.Status) configureAgain()).snapshots());
    }

    @Test
    void oneThatIsDamagedLaterIsNotUsed() throws IOException {
        Files.write(files().get(0), new byte[100]);
        Message answer = one.ask(a, 0, new Message.Restore(1, 2, 1, 4));
        assertTrue(assertInstanceOf(Message.Refused.class, answer).reason().contains("damaged"));
        Message.Status s = (Message.Status) one.ask(a, 0, new Message.Fence(1, 1));
        assertArrayEquals(new long[] {6}, s.snapshots());
        one.ask(a, 0, new Message.Restore(1, 3, 1, 6));
        assertTrue(one.isAt(0, 6));
    }

    @Test
    void thoseOfAnotherServerOrRunAreRefused() throws IOException {
        one.restart(0);
        Message.Configure c = one.configure(0, 1);
        Message answer =
                one.ask(a, 0, new Message.Configure(1, 0, c.yaml(), "another hash", 0, 1, 2, 1, c.totalLength()));
        String reason = assertInstanceOf(Message.Refused.class, answer).reason();
        assertTrue(reason.contains("is of shard 0/1") && reason.contains("empty folder"), reason);
        Settings settings = new Settings(0, 2, one.folder(0), 2, SimulatedCluster.STALL, 0);
        try (ShardServer half = new ShardServer(settings, workers, one.log::add)) {
            half.handle(a, new Message.Configure(1, 9, c.yaml(), c.configHash(), 0, 2, 2, 1, c.totalLength()));
            assertInstanceOf(Message.Refused.class, ServerScript.heard(a).get(0));
        }
        assertEquals(2, files().size());
    }

    @Test
    void aDiskThatTakesNothingCostsALine() throws IOException {
        one.ask(a, 0, new Message.Restore(1, 2, 1, 4));
        for (Path file : files()) {
            Files.delete(file);
        }
        Files.delete(one.folder(0));
        Files.writeString(one.folder(0), "in the way");
        one.step(a, new Attempt(2, 1, 4));
        one.step(a, new Attempt(2, 1, 5));
        assertTrue(one.isAt(0, 6));
        written();
        assertTrue(one.log.get(one.log.size() - 1).contains("no snapshot of step 6"), one.log::toString);
    }
}
