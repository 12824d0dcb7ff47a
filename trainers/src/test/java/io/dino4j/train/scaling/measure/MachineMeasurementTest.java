package io.dino4j.train.scaling.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.train.scaling.Machine;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class MachineMeasurementTest {
    /** Speeds are this machine's affair: here only that there are some, and that nothing else is touched. */
    @Test
    void everyRateIsANumberAboveZero() throws Exception {
        List<String> lines = new ArrayList<>();
        List<Long> done = new ArrayList<>();
        long[] total = {0};
        Progress progress = new Progress() {
            @Override
            public void begin(String task, long from, long units) {
                total[0] = units;
            }

            @Override
            public void advance(long units, Map<String, Double> values) {
                done.add(units);
            }

            @Override
            public void end() {
                done.add(-1L);
            }

            @Override
            public void say(String line) {
                lines.add(line);
            }
        };
        Machine rest = Machine.MEASURED.withNetwork(7).withFlops(1e12).withSpread(0.5);
        Machine m = MachineMeasurement.of(
                rest, new MachineMeasurement.Extent(8, 1, 2), InetAddress.getLoopbackAddress(), progress);
        double[] rates = {
            m.workerBytesPerSecond(),
            m.serverBytesPerSecond(),
            m.sumBytesPerSecond(),
            m.updatesPerSecond(),
            m.averagesPerSecond(),
            m.messageSeconds()
        };
        for (double rate : rates) {
            assertTrue(Double.isFinite(rate) && rate > 0, m.toString());
        }
        assertEquals(
                rest,
                m.withRates(
                        rest.workerBytesPerSecond(),
                        rest.serverBytesPerSecond(),
                        rest.sumBytesPerSecond(),
                        rest.updatesPerSecond(),
                        rest.averagesPerSecond(),
                        rest.messageSeconds()));
        assertEquals(-1, done.remove(done.size() - 1));
        assertEquals(total[0], done.get(done.size() - 1));
        assertEquals(6, lines.size(), lines.toString());
        assertTrue(lines.get(3).startsWith("a worker packs and sends"), lines.toString());
    }

    @Test
    void nothingIsMeasuredInNoRounds() {
        assertThrows(IllegalArgumentException.class, () -> new MachineMeasurement.Extent(8, 0, 2));
    }
}
