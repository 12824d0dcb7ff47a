package io.dino4j.zoo.feature;

import io.dino4j.data.Progress;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.source.ImageSource;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.feature.ImageLoader.Loaded;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Features of all images of a source, decoded by other threads while the network runs. What is asked for in memory depends on the batch,
 * not on the number of images.
 *
 * @param model the network and what images go through before it
 * @param images where they are from
 * @param paths name of an image in the result
 * @param kind what is taken of it
 * @param batch images in a pass
 * @param threads that decode, 1 or more
 * @param partImages after so many images, if not before, a part of the result is made durable; 1 or more
 */
public record Extraction(
        Dinov2 model,
        ImageSource images,
        IntFunction<String> paths,
        FeatureKind kind,
        int batch,
        int threads,
        int partImages) {
    /** Tokens of a pass that fill the matrix products of a processor; more do not make it faster. */
    private static final int USUAL_TOKENS = 2048;

    private static final int MOST_IMAGES = 64;

    /** Images of many sizes that are looked at together, in passes: enough of them to find equal sizes among. */
    private static final int MIXED_PASSES = 16;

    /** A part of the result is made durable when it has this many numbers, */
    private static final long PART_NUMBERS = 1 << 22;

    private static final int PART_IMAGES = 4096;

    /** or so much work would be lost. */
    private static final double PART_SECONDS = 30;

    /** Checks the sizes. */
    public Extraction {
        if (batch < 1 || threads < 1 || partImages < 1) {
            throw new IllegalArgumentException(
                    "expected at least 1 image in a batch, 1 thread and 1 image in a part, got %d, %d and %d"
                            .formatted(batch, threads, partImages));
        }
    }

    /** With parts of the usual length. */
    public Extraction(
            Dinov2 model, ImageSource images, IntFunction<String> paths, FeatureKind kind, int batch, int threads) {
        this(model, images, paths, kind, batch, threads, PART_IMAGES);
    }

    /**
     * Where the time went.
     *
     * @param images that were read
     * @param unreadable a line for each that was not, in a resumed run those of before too
     * @param seconds of it all
     * @param waiting seconds in which the network waited for images
     * @param decoding seconds of all threads together
     * @param resizing seconds of all threads together
     */
    public record Times(
            long images, List<String> unreadable, double seconds, double waiting, double decoding, double resizing) {}

    /**
     * Images in a pass that make good use of a processor.
     *
     * @param tokens of an image
     */
    public static int usualBatch(int tokens) {
        return Math.max(1, Math.min(MOST_IMAGES, Math.round((float) USUAL_TOKENS / tokens)));
    }

    /**
     * Fills a store, from where it stands, and finishes it.
     *
     * @param store closed by its owner, who may go on with it after a failure
     * @param progress told of every batch and of every unreadable image
     * @throws IOException if the result cannot be written
     * @throws IllegalArgumentException if no image at all can be read
     */
    public Times run(FeatureStore store, Progress progress) throws IOException {
        long start = System.nanoTime();
        List<FeatureRow> rows = new ArrayList<>();
        List<String> troubles = new ArrayList<>();
        long read = 0;
        long waiting;
        long decoding;
        long resizing;
        progress.begin("features", store.position(), images.size());
        try (ImageLoader loader = loader((int) store.position())) {
            FeatureBatches passes = new FeatureBatches(model, kind, batch);
            long done = store.position();
            long numbers = 0;
            long partBegan = start;
            for (List<Loaded> some = loader.next(window()); !some.isEmpty(); some = loader.next(window())) {
                for (Loaded l : some) {
                    if (!l.isReadable()) {
                        troubles.add(l.trouble());
                        progress.say("left out " + l.trouble());
                    }
                }
                List<Loaded> good = some.stream().filter(Loaded::isReadable).toList();
                List<float[]> features =
                        passes.of(good.stream().map(Loaded::pixels).toList());
                for (int i = 0; i < good.size(); i++) {
                    rows.add(row(good.get(i), features.get(i)));
                    numbers += features.get(i).length;
                }
                done += some.size();
                read += good.size();
                progress.advance(done, Map.of("images_per_second", read / seconds(System.nanoTime() - start)));
                boolean due = numbers >= PART_NUMBERS
                        || rows.size() + troubles.size() >= partImages
                        || seconds(System.nanoTime() - partBegan) > PART_SECONDS;
                if (due && store.rows() + rows.size() > 0) {
                    store.append(rows, troubles, done);
                    rows.clear();
                    troubles.clear();
                    numbers = 0;
                    partBegan = System.nanoTime();
                }
            }
            if (store.rows() + rows.size() == 0) { // nothing is left behind
                throw new IllegalArgumentException(
                        "none of the %d images can be read, for instance %s".formatted(images.size(), troubles.get(0)));
            }
            store.append(rows, troubles, done);
            waiting = loader.waiting();
            decoding = loader.decoding();
            resizing = loader.resizing();
        } finally {
            progress.end();
        }
        List<String> unreadable = store.unreadable();
        store.finish();
        return new Times(
                read,
                unreadable,
                seconds(System.nanoTime() - start),
                seconds(waiting),
                seconds(decoding),
                seconds(resizing));
    }

    /**
     * Features of all images, handed on and forgotten: what {@link #run} does without writing.
     *
     * @return where the time went
     */
    public Times measure() {
        long start = System.nanoTime();
        long count = 0;
        List<String> unreadable = new ArrayList<>();
        try (ImageLoader loader = loader(0)) {
            FeatureBatches passes = new FeatureBatches(model, kind, batch);
            for (List<Loaded> some = loader.next(window()); !some.isEmpty(); some = loader.next(window())) {
                List<Image> good = some.stream()
                        .filter(Loaded::isReadable)
                        .map(Loaded::pixels)
                        .toList();
                count += passes.of(good).size();
                some.stream().filter(l -> !l.isReadable()).forEach(l -> unreadable.add(l.trouble()));
            }
            return new Times(
                    count,
                    unreadable,
                    seconds(System.nanoTime() - start),
                    seconds(loader.waiting()),
                    seconds(loader.decoding()),
                    seconds(loader.resizing()));
        }
    }

    /** Images that are looked at together. */
    private int window() {
        return model.preprocessing() instanceof EvalTransform ? batch : MIXED_PASSES * batch;
    }

    private ImageLoader loader(int first) {
        return new ImageLoader(images, model.preprocessing(), first, threads, 2 * Math.max(window(), threads));
    }

    private FeatureRow row(Loaded l, float[] values) {
        int patch = model.config().patchSize();
        return new FeatureRow(
                paths.apply(l.index()),
                l.width(),
                l.height(),
                l.pixels().height() / patch,
                l.pixels().width() / patch,
                values);
    }

    /** What a store is to hold. */
    public FeatureLayout layout() {
        return new FeatureLayout(
                kind.pooling().isGrid() ? FeatureLayout.Kind.PATCHES : FeatureLayout.Kind.POOLED,
                kind.dimension(model.dimension()));
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }
}
