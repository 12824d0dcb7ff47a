package io.dino4j.train.eval.feature;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.StageFolder;
import io.dino4j.data.file.FileTree;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.vector.VectorFile;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Features of whole sets of images without augmentation, worked out once and kept on disk. A set of features is a folder that is whole or
 * not there; its name is a hash of all that the features depend on: weights, preprocessing, kind, kernels, and each image's file, size and time
 * of change. After an interruption the same call goes on where it stopped. Nothing is ever removed: the folder may be deleted at any time.
 */
public final class FeatureCache implements AutoCloseable {
    /** Raised when features of the same name would come out different. */
    private static final String VERSION = "1";

    private static final int NAME_LENGTH = 32;

    private final Path folder;
    private final boolean temporary;
    private final int threads;

    private FeatureCache(Path folder, boolean temporary, int threads) {
        this.folder = folder;
        this.temporary = temporary;
        this.threads = threads;
    }

    /**
     * A cache in a folder, which is made when it is needed.
     *
     * @param threads that decode, 1 or more
     */
    public static FeatureCache in(Path folder, int threads) {
        return new FeatureCache(folder, false, threads);
    }

    /**
     * A cache that is removed when it is closed.
     *
     * @param threads that decode, 1 or more
     * @throws IOException if there is no place for temporary files
     */
    public static FeatureCache temporary(int threads) throws IOException {
        return new FeatureCache(Files.createTempDirectory("dino4j-features"), true, threads);
    }

    /** Where features are kept if nothing is said: the system property {@code dino4j.features}, else {@code ~/.cache/dino4j/features}. */
    public static Path usualFolder() {
        String named = System.getProperty("dino4j.features");
        return named != null
                ? Path.of(named)
                : Path.of(System.getProperty("user.home"), ".cache", "dino4j", "features");
    }

    /**
     * The features of all images, from the disk if they are there.
     *
     * @param images all that are wanted; those that cannot be read are told of and left out
     * @param kind what is wanted
     * @param progress told of images if there are any to work out
     * @throws IllegalArgumentException if no image at all can be read, or the subject has no such features
     * @throws IOException if they cannot be read or written
     */
    public ImageFeatures features(Subject subject, ImageSource images, FeatureKind kind, Progress progress)
            throws IOException {
        subject.dimension(kind);
        return features(subject, images, kind, settings(subject, images, kind), progress);
    }

    private ImageFeatures features(
            Subject subject, ImageSource images, FeatureKind kind, Map<String, String> settings, Progress progress)
            throws IOException {
        Path target = folder.resolve(name(settings));
        Files.createDirectories(folder);
        FeatureWork work = new FeatureWork(subject, images, kind, threads, progress);
        StageFolder.make(target, settings, true, Progress.SILENT, work::fill);
        VectorFile rows = VectorFile.open(target.resolve(FeatureWork.ROWS));
        FeatureList list = FeatureList.read(target.resolve(FeatureWork.LIST), Long.MAX_VALUE);
        if (list.seen() != images.size() || list.rows() != rows.size()) {
            throw new IOException("%s: is damaged: it has %d images and %d rows where %d and %d are listed; delete it"
                    .formatted(target, images.size(), rows.size(), list.seen(), list.rows()));
        }
        return new ImageFeatures(images, rows, list);
    }

    /**
     * Cls tokens of the last block, {@code [D]}, taken out of the features for linear heads where these are on the disk already.
     *
     * @param widest number of blocks of the features for linear heads
     * @return the features, and the first column of the tokens in them
     */
    public Columns cls(Subject subject, ImageSource images, int widest, Progress progress) throws IOException {
        FeatureKind wide = new FeatureKind(Pooling.CLS_MEAN, widest);
        int d = subject.dimension(FeatureKind.cls());
        Map<String, String> settings = settings(subject, images, wide);
        if (Files.isDirectory(folder.resolve(name(settings)))) {
            subject.dimension(wide);
            ImageFeatures all = features(subject, images, wide, settings, progress);
            int from = all.dimension() == d ? 0 : (widest - 1) * d;
            return new Columns(all, from, from + d);
        }
        return new Columns(features(subject, images, FeatureKind.cls(), progress), 0, d);
    }

    /**
     * Some columns of features.
     *
     * @param features of images
     * @param from first column
     * @param to after the last column
     */
    public record Columns(ImageFeatures features, int from, int to) {}

    private static Map<String, String> settings(Subject subject, ImageSource images, FeatureKind kind) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("version", VERSION);
        settings.put("subject", subject.fingerprint());
        settings.put("preprocessing", subject.preprocessing(kind).toString());
        settings.put("computation", subject.computation());
        settings.put("kind", kind.toString());
        settings.put("images_listed", Integer.toString(images.size()));
        settings.put("images_sha256", Fingerprints.ofImages(images));
        return settings;
    }

    private static String name(Map<String, String> settings) {
        return Fingerprints.ofTexts(List.copyOf(settings.values())).substring(0, NAME_LENGTH);
    }

    @Override
    public void close() throws IOException {
        if (temporary && Files.exists(folder)) {
            FileTree.delete(folder);
        }
    }
}
