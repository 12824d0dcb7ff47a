package io.dino4j.spark.train;

import io.dino4j.data.Progress;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Shows the steps of a run that other machines do, from the metrics in its folder. */
final class RunTail {
    private static final long POLL_MS = 1000;
    private static final int MOST_READ = 1 << 16; // more than the last line

    private final Path metrics;
    private final Progress progress;
    private final long steps;
    private final Thread thread = new Thread(this::follow, "dino4j-progress");
    private final Optional<MetricsLog.Record> before; // left by what this run goes on with
    private boolean begun;

    /**
     * Begins to follow.
     *
     * @param folder of the run
     * @param steps of the whole run
     */
    RunTail(Path folder, long steps, Progress progress) {
        this.metrics = RunDirectory.metricsFile(folder);
        this.before = newest(metrics);
        this.steps = steps;
        this.progress = progress;
        thread.setDaemon(true);
        thread.start();
    }

    private void follow() {
        try {
            while (true) {
                Thread.sleep(POLL_MS);
                newest(metrics).filter(r -> !r.equals(before.orElse(null))).ifPresent(this::show);
            }
        } catch (InterruptedException e) {
            // the run is over
        }
    }

    private void show(MetricsLog.Record record) {
        if (!begun) {
            progress.begin("pretrain", record.step() + 1, steps);
            begun = true;
        }
        progress.advance(record.step() + 1, record.values());
    }

    /** The last whole line that is the record of a step; none while the file cannot be read. */
    static Optional<MetricsLog.Record> newest(Path metrics) {
        if (!Files.exists(metrics)) {
            return Optional.empty();
        }
        try (RandomAccessFile file = new RandomAccessFile(metrics.toFile(), "r")) {
            long size = file.length();
            byte[] end = new byte[(int) Math.min(size, MOST_READ)];
            file.seek(size - end.length);
            file.readFully(end);
            String text = new String(end, StandardCharsets.UTF_8);
            String[] lines = text.substring(0, text.lastIndexOf('\n') + 1).split("\n");
            for (int i = lines.length - 1; i >= 0; i--) {
                Optional<MetricsLog.Record> record = MetricsLog.parse(lines[i]).filter(r -> r.step() >= 0);
                if (record.isPresent()) {
                    return record;
                }
            }
        } catch (IOException e) {
            // the file is being cut, or is out of reach for the moment
        }
        return Optional.empty();
    }

    /** Ends it. */
    void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        progress.end();
    }
}
