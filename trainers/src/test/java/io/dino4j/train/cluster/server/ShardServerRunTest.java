package io.dino4j.train.cluster.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.Shard;
import io.dino4j.train.optim.Workers;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole runs: whatever happens in them, they come to the bits that one process comes to. */
final class ShardServerRunTest {
    private static final int STEPS = 50;

    private static Workers workers;
    private static GradientClip clip;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        workers = new Workers(1);
        clip = new GradientClip(TinyRun.GROUPS, TinyRun.CONFIG.optim().clipGrad(), workers);
    }

    @AfterAll
    static void stop() {
        workers.close();
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 3, 3", "2, 2, 2", "4, 3, 2", "4, 4, 1"})
    void anyNumberOfServersAndWorkersComesToTheBitsOfOneProcess(int shards, int worldSize, int count) {
        TinyRun run = new TinyRun(worldSize, 6, workers);
        try (SimulatedCluster cluster = new SimulatedCluster(folder, shards, worldSize, 0, 7, workers)) {
            for (int i = 0; i < count; i++) {
                cluster.running.add(new SimulatedWorker(cluster, run, "w" + i, count, i, clip));
            }
            cluster.runTo(5);
            requireState(cluster, run);
        }
    }

    /** Reads everything from the servers, after the steps that are still in the air. */
    private static void requireState(SimulatedCluster cluster, TinyRun run) {
        List<Shard> shards = TinyRun.shards(cluster.shards());
        for (int i = 0; i < cluster.shards(); i++) {
            SimulatedCluster.Link link = new SimulatedCluster.Link("test", i);
            for (StateVector v : StateVector.values()) {
                if (TinyRun.range(v, shards, i).isEmpty()) {
                    continue;
                }
                Shard s = TinyRun.range(v, shards, i).get();
                cluster.servers.get(i).handle(link, new Message.Pull(1, v, 0, s.from(), (int) s.length()));
                Message.Floats f = (Message.Floats) SimulatedCluster.read(link.toWorker.poll());
                float[] values = new float[(int) s.length()];
                f.floats().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
                float[] whole = run.states.get((int) f.step()).get(v);
                assertArrayEquals(
                        Arrays.copyOfRange(whole, (int) s.from(), (int) s.to()), values, v + " of step " + f.step());
            }
        }
    }

    /** Workers and servers die or hang at any moment and come back, some in time to keep their seats and some not. */
    @ParameterizedTest
    @CsvSource({"1, 2, 3, 3", "7, 4, 4, 3", "24, 1, 2, 2"})
    void deathsChangeNoBit(long seed, int shards, int worldSize, int count) {
        TinyRun run = new TinyRun(worldSize, STEPS + 20, workers);
        try (SimulatedCluster cluster = new SimulatedCluster(folder, shards, worldSize, 0, seed, workers)) {
            for (int i = 0; i < count; i++) {
                cluster.running.add(new SimulatedWorker(cluster, run, "w" + i, count, i, clip));
            }
            Fate fate =
                    new Fate(cluster, name -> new SimulatedWorker(cluster, run, name, count, seed + 100, clip), seed);
            for (int i = 0; !fate.isOver(); i++) {
                assertTrue(i < 3_000_000, () -> "no end of it: " + cluster.running + cluster.log);
                fate.act();
                cluster.act();
            }
            requireState(cluster, run);
            assertTrue(fate.strokes > 15, "strokes " + fate.strokes);
            assertTrue(cluster.log.stream().anyMatch(l -> l.contains("back at step")), cluster.log::toString);
        }
    }

    /** Who dies, hangs and comes back, and when. */
    private static final class Fate {
        private final SimulatedCluster cluster;
        private final Function<String, SimulatedWorker> birth;
        private final SplittableRandom random;
        private final List<String> away = new ArrayList<>();
        private final List<SimulatedWorker> hanging = new ArrayList<>();
        private int strokes;

        Fate(SimulatedCluster cluster, Function<String, SimulatedWorker> birth, long seed) {
            this.cluster = cluster;
            this.birth = birth;
            this.random = new SplittableRandom(seed);
        }

        boolean isOver() {
            return away.isEmpty()
                    && hanging.isEmpty()
                    && cluster.running.stream().allMatch(w -> w.step() >= STEPS);
        }

        void act() {
            boolean isNearEnd = cluster.running.stream().anyMatch(w -> w.step() > STEPS - 2);
            if (!isNearEnd && random.nextInt(700) == 0) {
                strike();
            }
            if (!away.isEmpty() && (isNearEnd || random.nextInt(1000) == 0)) {
                cluster.running.add(birth.apply(away.remove(0)));
            }
            if (!hanging.isEmpty() && (isNearEnd || random.nextInt(1000) == 0)) {
                hanging.remove(0).stall(false);
            }
        }

        private void strike() {
            if (random.nextInt(4) == 0) {
                strokes++;
                cluster.restart(random.nextInt(cluster.shards()));
            } else if (cluster.running.size() > 1) {
                strokes++;
                SimulatedWorker victim = cluster.running.get(random.nextInt(cluster.running.size()));
                if (random.nextInt(2) == 0 || hanging.contains(victim)) {
                    hanging.remove(victim);
                    away.add(victim.name());
                    cluster.kill(victim);
                } else {
                    hanging.add(victim);
                    victim.stall(true);
                }
            }
        }
    }
}
