package io.dino4j.examples.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * How often something is run.
 *
 * @param warmUp runs that are not measured
 * @param atLeast runs that are measured in any case
 * @param seconds it goes on until so much time was measured
 * @param limit no further run begins after so many seconds, warm-up included, once there is a measured one
 */
record Rounds(int warmUp, int atLeast, double seconds, double limit) {
    private static final double SECOND = 1e9;
    private static final double TELL_EVERY = 5;

    /**
     * Runs and measures.
     *
     * @param between done after every run, unmeasured
     * @param tell gets a line every few seconds
     * @return seconds of every measured run, in order
     */
    List<Double> measure(Runnable run, Runnable between, Consumer<String> tell) {
        long begun = System.nanoTime();
        double told = 0;
        double measured = 0;
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < warmUp; i++) {
            run.run();
            between.run();
        }
        while (seconds.isEmpty() || (seconds.size() < atLeast || measured < seconds()) && since(begun) < limit) {
            long start = System.nanoTime();
            run.run();
            seconds.add(since(start));
            measured += since(start);
            between.run();
            if (since(begun) - told > TELL_EVERY) {
                told = since(begun);
                tell.accept("%d measured, %.2f s each".formatted(seconds.size(), measured / seconds.size()));
            }
        }
        return seconds;
    }

    private static double since(long nanoTime) {
        return (System.nanoTime() - nanoTime) / SECOND;
    }
}
