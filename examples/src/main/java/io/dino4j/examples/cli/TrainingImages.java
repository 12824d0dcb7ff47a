package io.dino4j.examples.cli;

import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSubset;
import io.dino4j.data.source.RenderedShapes;
import io.dino4j.train.KnnProbe;
import io.dino4j.train.Recipe;
import io.dino4j.train.config.RunConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The images of a run, and those that its features are measured on.
 *
 * @param dataset {@code train.dataset_path}: a folder, tar or Parquet files, a manifest, or {@link #BUILT_IN}
 * @param source the images to learn from
 */
record TrainingImages(String dataset, ImageSource source) {
    /** {@code train.dataset_path} of the built-in set. */
    static final String BUILT_IN = "builtin:shapes";

    /** Of a labelled folder, one image in this many is held out to be classified, up to a limit. */
    private static final int HELD_OUT_SHARE = 6;

    private static final int MAX_HELD_OUT = 1000;
    private static final int MAX_BANK = 5000;

    /** Opens the images that a configuration names. */
    static TrainingImages of(String dataset) throws IOException {
        return new TrainingImages(
                dataset, dataset.equals(BUILT_IN) ? RenderedShapes.train(0) : Images.open(Path.of(dataset)));
    }

    /**
     * What to measure k-NN accuracy on; empty if no classes are known.
     *
     * @param val labelled images to classify; without it some of the images are held out
     */
    Optional<KnnProbe> probe(RunConfig c, Optional<Path> val) throws IOException {
        int threads = Runtime.getRuntime().availableProcessors();
        if (val.isPresent()) {
            return Optional.of(
                    new KnnProbe(first(source, MAX_BANK), Images.open(val.get()), Recipe.evaluation(c), threads));
        }
        if (dataset.equals(BUILT_IN)) {
            return Optional.of(new KnnProbe(source, RenderedShapes.test(0), Recipe.evaluation(c), threads));
        }
        if (source.classes().size() < 2) {
            return Optional.empty();
        }
        int[] labelled = IntStream.range(0, source.size())
                .filter(i -> source.label(i) >= 0)
                .toArray();
        int[] held = every(labelled, HELD_OUT_SHARE, true, MAX_HELD_OUT);
        int[] bank = every(labelled, HELD_OUT_SHARE, false, MAX_BANK);
        if (held.length == 0 || bank.length == 0) {
            return Optional.empty();
        }
        return Optional.of(new KnnProbe(
                new ImageSubset(source, bank), new ImageSubset(source, held), Recipe.evaluation(c), threads));
    }

    /** One index in {@code share} of the list, or all but those; spread evenly if they are more than the limit. */
    private static int[] every(int[] indices, int share, boolean chosen, int limit) {
        int[] picked = IntStream.range(0, indices.length)
                .filter(i -> (i % share == 0) == chosen)
                .map(i -> indices[i])
                .toArray();
        return spread(picked, limit);
    }

    private static ImageSource first(ImageSource source, int limit) {
        return source.size() <= limit
                ? source
                : new ImageSubset(
                        source, spread(IntStream.range(0, source.size()).toArray(), limit));
    }

    private static int[] spread(int[] indices, int limit) {
        return indices.length <= limit
                ? indices
                : IntStream.range(0, limit)
                        .map(i -> indices[(int) ((long) i * indices.length / limit)])
                        .toArray();
    }
}
