package io.dino4j.train.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StepSimulationTest {
    /** 8 layers of 2^20 parameters; a step is 10^12 operations. */
    private static final Workload WORK = work(8, List.of());

    private static Workload work(int layers, List<Integer> sums) {
        List<Workload.Layer> all = IntStream.range(0, layers)
                .mapToObj(i -> new Workload.Layer("blocks." + i, 1 << 20, 1))
                .toList();
        return new Workload("test", all, 0.1, sums, 1e11, 10, 1e9);
    }

    private static SimulatedStep run(Workload work, Cluster cluster, Machine machine) {
        return new StepSimulation(work, cluster, machine, 3, 1).run();
    }

    /** A single step: of several, the first worker would send while the last still receives. */
    private static SimulatedStep one(Cluster cluster, Machine machine) {
        return new StepSimulation(WORK, cluster, machine, 1, 1).run();
    }

    private static Cluster f32(int workers, int servers) {
        return new Cluster(workers, servers, Cluster.F32, false);
    }

    /** Rates of servers and workers beside the network's; all others are infinite. */
    private static Machine machine(double flops, double server, double sum, double updates, double averages) {
        return new Machine(
                flops,
                0,
                false,
                Double.POSITIVE_INFINITY,
                0,
                1,
                Double.POSITIVE_INFINITY,
                server,
                sum,
                updates,
                averages,
                0);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "7, 3", "64, 32"})
    void withoutCostsAStepIsItsComputation(int workers, int servers) {
        Machine free = Machine.INFINITE.withFlops(1e11);
        SimulatedStep step = run(work(8, List.of(1, 1, 5000)), f32(workers, servers), free);
        assertEquals(10, step.seconds(), 1e-9);
        assertEquals(0, step.exchangeShare(), 1e-9);
        assertEquals(1, step.load().worker(), 1e-9);
        assertEquals("workers", step.load().busiest());
    }

    /** AdamW is made once for each range and nothing else goes on meanwhile; then each worker averages all. */
    @ParameterizedTest
    @CsvSource({"1, 1", "4, 1", "4, 4"})
    void updatesAreDividedAmongServersAndAveragesAreNot(int workers, int servers) {
        double inf = Double.POSITIVE_INFINITY;
        double p = WORK.parameters();
        SimulatedStep step = run(WORK, f32(workers, servers), machine(1e12, inf, inf, 1e6, 2e6));
        assertEquals(1 + p / servers / 1e6 + p / 2e6, step.seconds(), 1e-9);
    }

    /** One server opens all gradients and seals all parameters; there is next to no computation that would hide it. */
    @Test
    void aSlowServerIsWhatAStepWaitsFor() {
        double rate = 1e8;
        double inf = Double.POSITIVE_INFINITY;
        double p = WORK.parameters();
        SimulatedStep step = run(WORK, f32(6, 1), machine(1e30, rate, inf, inf, inf));
        assertEquals(6 * 8 * p / rate, step.seconds(), 0.01 * 6 * 8 * p / rate);
        assertEquals(1, step.load().server(), 0.01);
        assertEquals("servers", step.load().busiest());
    }

    /** Every gradient is added once, whoever comes first, squared once, and copied once by ranks that come early. */
    @Test
    void gradientsAreAddedOnce() {
        double rate = 1e8;
        double inf = Double.POSITIVE_INFINITY;
        double bytes = 4.0 * WORK.parameters();
        SimulatedStep one = run(WORK, f32(1, 1), machine(1e30, inf, rate, inf, inf));
        assertEquals(2 * bytes / rate, one.seconds(), 1e-6);
        double many = run(WORK, f32(5, 1), machine(1e30, inf, rate, inf, inf)).seconds();
        assertTrue(many >= (5 + 1) * bytes / rate - 1e-6 && many <= (5 + 4 + 1) * bytes / rate + 1e-6, "" + many);
    }

    /** One server: all gradients come in through its card and all parameters go out of it, one worker after the other. */
    @ParameterizedTest
    @CsvSource({"1, 4", "2, 4", "6, 4", "6, 2"})
    void aSlowNetworkIsWhatAStepWaitsFor(int workers, double gradientBytes) {
        Machine slow = Machine.INFINITE.withNetwork(0.8); // 1e8 bytes/s
        SimulatedStep step = one(new Cluster(workers, 1, gradientBytes, false), slow);
        double wanted = workers * (gradientBytes + 4) * WORK.parameters() / 1e8;
        assertEquals(wanted, step.seconds(), 0.01 * wanted);
        assertEquals(1, step.exchangeShare(), 1e-9);
        assertEquals("servers' network", step.load().busiest());
    }

    /** As many servers as workers: parameters come in through every worker's card at once. */
    @Test
    void serversBesideEachOtherSendAtTheSameTime() {
        Machine slow = Machine.INFINITE.withNetwork(0.8);
        double bytes = 4.0 * WORK.parameters() / 1e8;
        double one = one(f32(8, 1), slow).seconds();
        double eight = one(f32(8, 8), slow).seconds();
        assertEquals(16 * bytes, one, 0.02 * one);
        // gradients go to one server after the other, by all workers at once; parameters do not queue but at their
        // receivers
        assertTrue(eight >= 2 * bytes && eight <= 8 * bytes + 2 * bytes, "%s of %s".formatted(eight, bytes));
    }

    /** Gradients of all layers but the first are sent while the next is worked out. */
    @Test
    void sendingIsHiddenByTheBackwardPass() {
        Machine m = Machine.INFINITE.withFlops(1e11).withNetwork(0.8);
        double bytes = 4.0 * WORK.parameters() / 1e8; // 0.34 s, in 6 s of a backward pass
        SimulatedStep step = run(WORK, f32(1, 1), m);
        assertEquals(10 + bytes / 8 + bytes, step.seconds(), 0.01);
    }

    /** On the core that computes, packing takes its time; on another one it does not. */
    @Test
    void packingTakesTheTimeOfASharedCore() {
        for (boolean shared : new boolean[] {true, false}) {
            double inf = Double.POSITIVE_INFINITY;
            Machine m = new Machine(1e11, 0, shared, inf, 0, 1, 1e8, inf, inf, inf, inf, 0);
            double bytes = 4.0 * WORK.parameters() / 1e8;
            double packing = shared ? bytes : bytes / 8; // that of the last layer cannot be hidden
            assertEquals(10 + packing + bytes, run(WORK, f32(1, 1), m).seconds(), 0.01);
        }
    }

    /** A sum goes to its server and back, and the next is not sent before. */
    @Test
    void sumsFollowEachOther() {
        double latency = 0.01;
        Machine far = new Machine(1e12, 0, false, 1e30, latency, 1, 1e30, 1e30, 1e30, 1e30, 1e30, 0);
        double without = run(WORK, f32(3, 2), far).seconds();
        double with = run(work(8, List.of(1, 1, 100)), f32(3, 2), far).seconds();
        assertEquals(3 * 2 * latency, with - without, 1e-9);
        // losses, squares, and commit with parameters there and back, and the last gradients there
        assertTrue(without >= 1 + 6 * latency - 1e-9 && without <= 1 + 7 * latency + 1e-9, "" + without);
    }

    @Test
    void bytesAreThoseOfTheFormula() {
        for (int servers : new int[] {1, 3, 8}) {
            for (double g : new double[] {Cluster.F32, Cluster.BF16}) {
                Workload work = work(5, List.of(1, 1, 131072, 131072, 131072));
                Cluster c = new Cluster(6, servers, g, false);
                SimulatedStep step = run(work, c, Machine.MEASURED);
                Traffic t = Traffic.of(work, c);
                assertEquals(t.workerSends(), step.workerSends(), 1e-3 * t.workerSends());
                assertEquals(t.workerReceives(), step.workerReceives(), 1e-3 * t.workerReceives());
                assertEquals(t.serverReceives(), step.serverReceives(), 1e-3 * t.serverReceives());
                assertEquals(t.serverSends(), step.serverSends(), 1e-3 * t.serverSends());
            }
        }
    }

    /** 2^23 gradients of 4 bytes, 3 sums of 131072 doubles, and headers: of each 16,000 gradients, and of the request for as many parameters. */
    @Test
    void theFormulaByHand() {
        Traffic t = Traffic.of(work(8, List.of(131072, 131072, 131072)), f32(4, 2));
        int messages = 525;
        int headers = messages * (12 + 3 * 8 + 2 * 4 + 8 + 4 + 4 + 4) + messages * (12 + 4 + 8 + 8 + 4);
        assertEquals((4.0 * (1 << 23) + 3 * (1 << 20) + headers) / 1e6, t.workerSends() / 1e6, 0.003);
        assertEquals(2 * t.workerSends(), t.serverReceives());
        double half = Traffic.of(work(8, List.of()), new Cluster(4, 2, Cluster.BF16, false))
                .workerSends();
        assertEquals((2.0 * (1 << 23) + headers) / 1e6, half / 1e6, 0.003);
    }

    @Test
    void theSeedDecidesAll() {
        Machine m = Machine.MEASURED.withSpread(0.2);
        SimulatedStep first = new StepSimulation(WORK, f32(9, 4), m, 3, 5).run();
        assertEquals(first, new StepSimulation(WORK, f32(9, 4), m, 3, 5).run());
        assertNotEquals(
                first.seconds(),
                new StepSimulation(WORK, f32(9, 4), m, 3, 6).run().seconds());
    }

    /** The slowest of many is slower than the mean: 64 workers whose times spread by 0.1 wait for one about 2.4 deviations away. */
    @Test
    void stragglersHoldUpTheOthers() {
        Machine m = Machine.INFINITE.withFlops(1e12).withSpread(0.1);
        SimulatedStep step = new StepSimulation(WORK, f32(64, 8), m, 50, 1).run();
        assertTrue(step.seconds() > 1.2 && step.seconds() < 1.3, "" + step.seconds());
        assertEquals(1 - 1 / step.seconds(), step.exchangeShare(), 0.01);
    }

    @Test
    void fasterPartsMakeNothingSlower() {
        double last = Double.POSITIVE_INFINITY;
        for (double network : new double[] {0.1, 1, 10, 100}) {
            double seconds =
                    run(WORK, f32(8, 4), Machine.MEASURED.withNetwork(network)).seconds();
            assertTrue(seconds <= last, network + " Gbit/s: " + seconds);
            last = seconds;
        }
        double bf16 = run(WORK, new Cluster(8, 4, Cluster.BF16, false), Machine.MEASURED.withNetwork(1))
                .seconds();
        assertTrue(bf16 < run(WORK, f32(8, 4), Machine.MEASURED.withNetwork(1)).seconds());
    }

    @Test
    void memoryFallsWithServers() {
        MemoryByServers one = MemoryByServers.of(WORK, f32(4, 1));
        MemoryByServers four = MemoryByServers.of(WORK, f32(4, 4));
        assertEquals(20.0 * (1 << 23), one.server());
        assertEquals(one.server() / 4, four.server());
        assertEquals((20.0 + 4 * 3) * (1 << 23), one.serverAtMost());
        assertEquals(one.worker(), four.worker());
        SimulatedStep step = run(WORK, f32(4, 1), Machine.MEASURED);
        assertTrue(step.waitingBytes() <= one.serverAtMost() - one.server(), "" + step.waitingBytes());
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> f32(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Cluster(1, 1, 5, false));
        assertThrows(IllegalArgumentException.class, () -> Machine.MEASURED.withNetwork(0));
        assertThrows(IllegalArgumentException.class, () -> Machine.MEASURED.withSpread(-1));
    }
}
