package io.dino4j.examples.benchmark;

import io.dino4j.train.metrics.LinuxMemory;
import java.io.PrintStream;
import java.util.List;

/** The process that runs the stock network: arguments preset, batch, size and {@code forward} or {@code train}; one line of JSON out. */
final class StockMain {
    /** Stock gradients take long and much memory. */
    private static final Rounds FORWARD = new Rounds(2, 5, 0, 120);

    private static final Rounds TRAIN = new Rounds(1, 2, 0, 240);

    private StockMain() {}

    /** Runs, and prints what was measured. */
    public static void main(String[] args) {
        PrintStream out = System.out;
        // SameDiff prints there
        System.setOut(System.err);
        Workload work =
                Workload.of(args[0], Integer.parseInt(args[1]), Integer.parseInt(args[2]), args[3].equals("train"));
        try (StockVit vit = new StockVit(work)) {
            Rounds rounds = work.training() ? TRAIN : FORWARD;
            List<Double> seconds =
                    rounds.measure(vit::run, () -> release(vit), line -> System.err.println("stock SameDiff: " + line));
            out.println(new Timing(seconds, LinuxMemory.peakResident()).toJson());
        }
        System.exit(0);
    }

    /** The stock session leaves its arrays to the garbage collector, which does not see how large they are. */
    private static void release(StockVit vit) {
        vit.forget();
        System.gc();
    }
}
