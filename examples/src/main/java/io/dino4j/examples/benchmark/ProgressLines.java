package io.dino4j.examples.benchmark;

import io.dino4j.data.Progress;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;

/** A line when a task begins, and one with the time left every few seconds. For one thread. */
final class ProgressLines implements Progress {
    private static final double SECONDS_BETWEEN = 5;
    private static final double NANO = 1e-9;

    private final PrintWriter out;
    private String task = "";
    private long first;
    private long total;
    private long begun;
    private long lastLine;

    ProgressLines(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void begin(String what, long done, long units) {
        task = what;
        first = done;
        total = units;
        begun = System.nanoTime();
        lastLine = begun;
        say(what + " ...");
    }

    @Override
    public void advance(long done, Map<String, Double> values) {
        long now = System.nanoTime();
        if (done > first && done < total && NANO * (now - lastLine) >= SECONDS_BETWEEN) {
            lastLine = now;
            double left = NANO * (now - begun) * (total - done) / (done - first);
            say(String.format(Locale.ROOT, "%s %d/%d, %.0f s left", task, done, total, left));
        }
    }

    @Override
    public void end() {
        // the results follow
    }

    @Override
    public void say(String line) {
        out.println(line);
        out.flush();
    }
}
