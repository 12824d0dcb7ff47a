package io.dino4j.train.live;

import io.dino4j.data.Progress;
import io.dino4j.data.source.ImageSource;
import io.dino4j.train.StepObserver;

/** What only the process that trains can tell a {@link LivePage}: the task at hand, messages and pictures. */
public final class LiveFeed {
    private final ProgressFeed progress;
    private final PictureFeed pictures;

    private LiveFeed(ProgressFeed progress, PictureFeed pictures) {
        this.progress = progress;
        this.pictures = pictures;
    }

    /**
     * A feed for a run that has not begun.
     *
     * @param console who watches the run besides the page
     * @param images what is trained on
     * @param shown images whose patch features the page shows
     */
    public static LiveFeed of(Progress console, ImageSource images, ImageSource shown) {
        ProgressFeed progress = new ProgressFeed(console);
        return new LiveFeed(progress, new PictureFeed(images, shown, progress::say));
    }

    /** To be told of the run's progress; hands it on to the console. */
    public Progress progress() {
        return progress;
    }

    /** To be shown each step. */
    public StepObserver observer() {
        return pictures;
    }

    ProgressFeed told() {
        return progress;
    }

    PictureFeed pictures() {
        return pictures;
    }
}
