package io.dino4j.examples.benchmark;

import com.sun.management.OperatingSystemMXBean;
import io.dino4j.train.metrics.LinuxMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** Times work and keeps a line for each. */
final class Measured {
    private final List<VectorBenchmark.Line> lines = new ArrayList<>();

    /** What is timed. */
    interface Work<T> {
        T run() throws IOException;
    }

    List<VectorBenchmark.Line> lines() {
        return lines;
    }

    VectorBenchmark.Line last() {
        return lines.get(lines.size() - 1);
    }

    /**
     * Times some work.
     *
     * @param operations of its matrix products; 0 where there are none
     */
    <T> T timed(String what, double operations, Work<T> work) {
        long start = System.nanoTime();
        double before = processor();
        try {
            T result = work.run();
            add(what, (System.nanoTime() - start) / 1e9, processor() - before, operations);
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void add(String what, double seconds, double processor, double operations) {
        add(what, seconds, processor, operations, OptionalDouble.empty());
    }

    private void add(String what, double seconds, double processor, double operations, OptionalDouble recall) {
        long resident = LinuxMemory.peakResident().orElse(0);
        lines.add(new VectorBenchmark.Line(what, seconds, processor, operations, recall, resident));
    }

    /** The sum of the last lines. */
    void total(String what, int count) {
        double seconds = 0;
        double processor = 0;
        double operations = 0;
        for (VectorBenchmark.Line l : lines.subList(lines.size() - count, lines.size())) {
            seconds += l.seconds();
            processor += l.processor();
            operations += l.operations();
        }
        add(what, seconds, processor, operations);
    }

    /** Of what the last line did. */
    void recall(double recall) {
        VectorBenchmark.Line l = lines.remove(lines.size() - 1);
        lines.add(new VectorBenchmark.Line(
                l.what(), l.seconds(), l.processor(), l.operations(), OptionalDouble.of(recall), l.peakBytes()));
    }

    /** In a line of its own. */
    void recall(String what, double recall) {
        add(what, 0, 0, 0, OptionalDouble.of(recall));
    }

    /** Seconds of all processors that this process has used; 0 where it is not known. */
    static double processor() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean os
                ? os.getProcessCpuTime() / 1e9
                : 0;
    }
}
