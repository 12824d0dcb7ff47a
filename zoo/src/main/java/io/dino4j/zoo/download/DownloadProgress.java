package io.dino4j.zoo.download;

import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How far a download is: a bar with time left where there is a terminal, else a line of the log for every tenth. */
final class DownloadProgress implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DownloadProgress.class);
    private static final long MEGA = 1 << 20;

    private final String name;
    private final long total;
    private final ProgressBar bar; // null without a terminal
    private long tenths;

    private DownloadProgress(String name, long start, long total) {
        this.name = name;
        this.total = total;
        bar = System.console() == null
                ? null
                : new ProgressBarBuilder()
                        .setTaskName(name)
                        .setUnit("MB", MEGA)
                        .setInitialMax(total)
                        .startsFrom(start, Duration.ZERO)
                        .setStyle(ProgressBarStyle.ASCII)
                        .showSpeed()
                        .build();
        tenths = total > 0 ? 10 * start / total : 0;
    }

    /**
     * Begins.
     *
     * @param total bytes of the whole file, -1 if the server does not tell
     */
    static DownloadProgress begin(String name, long start, long total) {
        return new DownloadProgress(name, start, total);
    }

    void at(long done) {
        if (bar != null) {
            bar.stepTo(done);
        } else if (total > 0 && 10 * done / total > tenths) {
            tenths = 10 * done / total;
            LOG.info("{}: {} of {} MB", name, done / MEGA, total / MEGA);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
