package io.dino4j.train.eval.feature;

import io.dino4j.data.Progress;
import io.dino4j.data.ReadAhead;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.vector.VectorFileWriter;
import io.dino4j.data.vector.VectorType;
import io.dino4j.zoo.FeatureKind;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Works out the features of all images of a source, decoded by other threads while the subject is at work, from where it stopped. */
record FeatureWork(Subject subject, ImageSource images, FeatureKind kind, int threads, Progress progress) {
    static final String ROWS = "rows.bin";
    static final String LIST = "images.txt";

    /** Images that are worked out together. */
    private static final int WINDOW = 64;

    /** So much work is lost at most. */
    private static final double PART_SECONDS = 15;

    private record Loaded(Image pixels, String trouble) {}

    /**
     * Fills a folder.
     *
     * @throws IllegalArgumentException if no image at all can be read
     */
    void fill(Path draft) throws IOException {
        Path rowFile = draft.resolve(ROWS);
        Path listFile = draft.resolve(LIST);
        if (Files.exists(rowFile)) { // the last file to be finished
            return;
        }
        FeatureList done;
        try (VectorFileWriter rows = VectorFileWriter.open(rowFile, VectorType.FLOAT32, subject.dimension(kind))) {
            done = FeatureList.read(listFile, rows.written());
            if (done.rows() == rows.written()) {
                finish(done, rows, listFile);
                return;
            }
        }
        // the machine went down between the two files: begin anew
        try (VectorFileWriter rows = VectorFileWriter.create(rowFile, VectorType.FLOAT32, subject.dimension(kind))) {
            finish(new FeatureList(), rows, listFile);
        }
    }

    private void finish(FeatureList done, VectorFileWriter rows, Path listFile) throws IOException {
        try (Writer list = done.rewrite(listFile)) {
            work(done, rows, list);
        }
        rows.finish();
    }

    private void work(FeatureList done, VectorFileWriter rows, Writer list) throws IOException {
        int first = done.seen();
        progress.begin("features, " + subject.title(), first, images.size());
        long start = System.nanoTime();
        long saved = start;
        try (ReadAhead<Loaded> loaded =
                new ReadAhead<>(first, images.size(), this::load, threads, WINDOW + 2 * threads)) {
            for (List<Loaded> some = loaded.next(WINDOW); !some.isEmpty(); some = loaded.next(WINDOW)) {
                add(some, done, rows, list);
                long now = System.nanoTime();
                progress.advance(
                        done.seen(), Map.of("images_per_second", (done.seen() - first) / ((now - start) / 1e9)));
                if (now - saved > PART_SECONDS * 1e9) {
                    list.flush(); // never less in the list than there are rows
                    rows.flush();
                    saved = now;
                }
            }
        } finally {
            list.flush();
            progress.end();
        }
        if (done.size() == 0) {
            throw new IllegalArgumentException("none of the %d images can be read, for instance %s"
                    .formatted(images.size(), done.unreadable().get(0)));
        }
    }

    private Loaded load(int i) {
        try {
            return new Loaded(subject.prepare(images.read(i), kind), "");
        } catch (UnreadableImageException e) {
            return new Loaded(null, e.getMessage());
        } catch (IllegalArgumentException e) { // too small or narrow for what is asked
            return new Loaded(null, images.name(i) + ": " + e.getMessage());
        }
    }

    private void add(List<Loaded> some, FeatureList done, VectorFileWriter rows, Writer list) throws IOException {
        List<Image> good = some.stream()
                .filter(l -> l.trouble.isEmpty())
                .map(Loaded::pixels)
                .toList();
        List<float[]> features = good.isEmpty() ? List.of() : subject.features(good, kind);
        int d = subject.dimension(kind);
        int next = 0;
        for (Loaded l : some) {
            if (!l.trouble.isEmpty()) {
                progress.say("left out " + l.trouble);
                done.addUnreadable(l.trouble);
                list.write(FeatureList.unreadableLine(l.trouble));
                continue;
            }
            float[] of = features.get(next++);
            int h = l.pixels.height() / subject.patchSize();
            int w = l.pixels.width() / subject.patchSize();
            done.add(of.length / d, h, w);
            list.write(FeatureList.line(of.length / d, h, w));
            try {
                rows.append(of, of.length / d);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "the features of %s are not finite; are these trained weights?"
                                .formatted(images.name(done.seen() - 1)),
                        e);
            }
        }
    }
}
