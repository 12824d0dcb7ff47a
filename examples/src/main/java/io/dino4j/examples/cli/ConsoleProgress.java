package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import java.io.PrintStream;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress bars with time left on a terminal; a line now and then where the output goes to a file. */
public final class ConsoleProgress implements Progress, AutoCloseable {
    private static final int TERMINAL_REFRESH_MS = 250;
    private static final long FILE_INTERVAL_NS = 15_000_000_000L;

    private final PrintStream err;
    private final boolean terminal;
    private final Set<String> said = new HashSet<>();
    private ProgressBar bar;
    private String task = "";
    private long begun;
    private long first;
    private long total;
    private long lastLine;

    /**
     * Shows progress.
     *
     * @param err where it goes, such as standard error
     */
    public ConsoleProgress(PrintStream err) {
        this.err = err;
        this.terminal = System.console() != null;
    }

    @Override
    public synchronized void begin(String task, long done, long total) {
        end();
        this.task = task;
        this.first = done;
        this.total = total;
        begun = System.nanoTime();
        lastLine = begun;
        if (terminal) {
            bar = new ProgressBarBuilder()
                    .setTaskName(task)
                    .setInitialMax(total)
                    .startsFrom(done, java.time.Duration.ZERO)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis(TERMINAL_REFRESH_MS)
                    .setConsumer(new ConsoleProgressBarConsumer(err))
                    .build();
        }
    }

    @Override
    public synchronized void advance(long done, Map<String, Double> values) {
        String text = text(values);
        if (bar != null) {
            bar.stepTo(done);
            bar.setExtraMessage(text);
        } else if (System.nanoTime() - lastLine > FILE_INTERVAL_NS) {
            lastLine = System.nanoTime();
            err.printf("%s %d/%d%s  %s%n", task, done, total, done > first ? left(done) : "", text);
        }
    }

    private String left(long done) {
        long seconds = (long) ((lastLine - begun) / 1e9 * (total - done) / (done - first));
        return ", %d:%02d left".formatted(seconds / 60, seconds % 60);
    }

    /** Throughput, the objective, then its terms, which a narrow terminal cuts off; the rest is in the metrics. */
    private static String text(Map<String, Double> values) {
        StringBuilder head = new StringBuilder();
        StringBuilder terms = new StringBuilder();
        new TreeMap<>(values).forEach((name, value) -> {
            if (name.equals("images_per_second")) {
                head.insert(0, "%.0f img/s ".formatted(value));
            } else if (name.equals("loss")) {
                head.append("loss %.3f ".formatted(value));
            } else if (name.endsWith("loss")) {
                terms.append("%s %.2f ".formatted(name.replaceAll("_crops_loss|_loss", ""), value));
            }
        });
        return head.append(terms).toString();
    }

    @Override
    public synchronized void end() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }

    /** A line is said once: an unreadable file is met again in each pass over the images. */
    @Override
    public synchronized void say(String line) {
        if (!said.add(line)) {
            return;
        }
        if (bar == null) {
            err.println(line);
            return;
        }
        bar.pause();
        err.print("\r\033[2K");
        err.println(line);
        bar.resume();
    }

    @Override
    public void close() {
        end();
    }
}
