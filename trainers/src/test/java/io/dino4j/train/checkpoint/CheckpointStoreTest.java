package io.dino4j.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.VitConfig;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class CheckpointStoreTest {
    private static final ParameterLayout LAYOUT = ParameterLayout.of(Map.of("backbone.w", new long[] {7, 13}));

    @TempDir
    Path root;

    @Test
    void everythingIsRestoredBitForBit() {
        Snapshot saved = snapshot(1);
        CheckpointStore store = CheckpointStore.open(root, 2);
        store.save(state(123), saved);
        Checkpoint back = store.latest().orElseThrow();
        assertEquals(root.resolve("step-00000123"), back.dir());
        assertEquals(state(123), back.state());
        Snapshot into = snapshot(2);
        back.restoreInto(into);
        assertSame(saved.student(), into.student());
        assertSame(saved.teacher(), into.teacher());
        assertSame(saved.firstMoment(), into.firstMoment());
        assertSame(saved.secondMoment(), into.secondMoment());
        Map<String, INDArray> extras = back.extras();
        assertEquals(saved.extras().keySet(), extras.keySet());
        saved.extras().forEach((name, array) -> assertEquals(array, extras.get(name)));
    }

    @Test
    void onlyTheLastOnesAreKeptAndTheSameStepIsReplaced() throws IOException {
        CheckpointStore store = CheckpointStore.open(root, 2);
        for (long step : new long[] {1, 2, 3, 3, 100_000_000}) {
            store.save(state(step), snapshot(step));
        }
        assertEquals(List.of("step-00000003", "step-100000000"), names());
        assertEquals(100_000_000, store.latest().orElseThrow().state().step());
    }

    @Test
    void theLastGoodOneIsKeptAndWhatCameAfterItCanBeRemoved() throws IOException {
        CheckpointStore store = CheckpointStore.open(root, 2);
        for (long step = 1; step <= 6; step++) {
            store.save(state(step), snapshot(step), Math.min(step, 3)); // trouble begins after step 3
        }
        assertEquals(List.of("step-00000003", "step-00000005", "step-00000006"), names());
        assertEquals(3, store.latestUpTo(4).orElseThrow().state().step());
        assertTrue(store.latestUpTo(2).isEmpty());
        store.discardAfter(3);
        assertEquals(List.of("step-00000003"), names());
        store.save(state(4), snapshot(4), 4);
        store.save(state(5), snapshot(5), 5);
        assertEquals(List.of("step-00000004", "step-00000005"), names());
    }

    @Test
    void damagedCheckpointsArePassedOver() throws IOException {
        CheckpointStore store = CheckpointStore.open(root, 9);
        for (long step = 1; step <= 5; step++) {
            store.save(state(step), snapshot(step));
        }
        Files.delete(root.resolve("step-00000005/teacher.safetensors"));
        try (RandomAccessFile file = new RandomAccessFile(
                root.resolve("step-00000004/moment1.safetensors").toFile(), "rw")) {
            file.seek(file.length() - 3);
            file.write(file.read() ^ 1);
        }
        Path manifest = root.resolve("step-00000003/state.json");
        Files.writeString(
                manifest, Files.readString(manifest).replace("\"samplerPosition\" : 17", "\"samplerPosition\" : 18"));
        Files.writeString(root.resolve("step-00000002/state.json"), "{\"format\":1");
        assertEquals(1, store.latest().orElseThrow().state().step());
        Files.delete(root.resolve("step-00000001/state.json"));
        assertTrue(store.latest().isEmpty());
    }

    @Test
    void leftoversOfAnInterruptedRunAreRemoved() throws IOException {
        CheckpointStore.open(root, 2).save(state(7), snapshot(7));
        Files.createDirectories(root.resolve(".draft-1/sub"));
        Files.createDirectories(root.resolve(".trash-1"));
        Files.createDirectories(root.resolve(".replaced-1"));
        Files.move(root.resolve("step-00000007"), root.resolve(".replaced-1/step-00000007"));
        CheckpointStore store = CheckpointStore.open(root, 2);
        assertEquals(List.of("step-00000007"), names());
        assertEquals(7, store.latest().orElseThrow().state().step());
    }

    @Test
    void aFailedWriteLeavesTheLastGoodOne() throws IOException {
        CheckpointStore store = CheckpointStore.open(root, 1);
        store.save(state(1), snapshot(1));
        Snapshot good = snapshot(2);
        Snapshot bad = new Snapshot(
                VitConfig.small14(),
                good.student(),
                good.teacher(),
                good.firstMoment(),
                good.secondMoment(),
                Map.of("x", Nd4j.create(DataType.UINT16, 1)));
        assertThrows(RuntimeException.class, () -> store.save(state(2), bad));
        assertEquals(1, store.latest().orElseThrow().state().step());
        CheckpointStore.open(root, 1);
        assertEquals(List.of("step-00000001"), names());
    }

    @Test
    void anotherConfigurationIsRefused() {
        CheckpointStore store = CheckpointStore.open(root, 1);
        store.save(state(1), snapshot(1));
        Checkpoint checkpoint = store.latest().orElseThrow();
        checkpoint.requireConfig("abc");
        assertFalse(assertThrows(CheckpointException.class, () -> checkpoint.requireConfig("def"))
                .getMessage()
                .isBlank());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(root)) {
            return all.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    private static RunState state(long step) {
        return new RunState(step, 2, 17, step, Map.of("root", -5L), 1, 3, "abc", Map.of("dino4j", "0.1"));
    }

    private static Snapshot snapshot(long seed) {
        return new Snapshot(
                VitConfig.small14(),
                vector(seed),
                vector(seed + 1),
                vector(seed + 2),
                vector(seed + 3),
                Map.of("dino_center", vector(seed + 4).vector().dup(), "ibot_center", Nd4j.scalar(3f)));
    }

    private static ParameterVector vector(long seed) {
        ParameterVector vector = ParameterVector.zeros(LAYOUT, DataType.FLOAT);
        SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i < LAYOUT.length(); i++) {
            vector.vector().putScalar(i, (float) (random.nextDouble() * 2 - 1));
        }
        return vector;
    }

    private static void assertSame(ParameterVector a, ParameterVector b) {
        assertArrayEquals(a.vector().toFloatVector(), b.vector().toFloatVector(), 0f);
    }
}
