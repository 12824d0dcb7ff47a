package io.dino4j.examples.segmentation;

import io.dino4j.data.Progress;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.train.eval.dense.DenseSettings;
import io.dino4j.train.eval.dense.SegmentationData;
import io.dino4j.train.eval.dense.SegmentationVariant;
import io.dino4j.train.eval.dense.Segmenter;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.NetworkSubject;
import io.dino4j.zoo.Dinov2;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Colours photos by class: a linear head learns from images with masks, in seconds, on a frozen backbone.
 *
 * <pre>{@code java io.dino4j.examples.segmentation.SegmentPhotos WEIGHTS MASKS PHOTOS OUT}</pre>
 */
public final class SegmentPhotos {
    private SegmentPhotos() {}

    /**
     * Runs it.
     *
     * @param args weights; a folder with train, val and classes.csv; a folder of photos; where the overlays go
     * @throws IOException if something cannot be read or written
     */
    public static void main(String[] args) throws IOException {
        SegmentationData data = SegmentationData.open(Path.of(args[1]));
        DenseSettings settings = DenseSettings.of(DenseSettings.usualShortSide(data.train()));
        Path out = Files.createDirectories(Path.of(args[3]));
        try (NetworkSubject backbone = NetworkSubject.of("backbone", Dinov2.load(Path.of(args[0])));
                FeatureCache cache = FeatureCache.temporary(Runtime.getRuntime().availableProcessors());
                Segmenter segmenter =
                        Segmenter.train(backbone, data, SegmentationVariant.LINEAR, settings, cache, Progress.SILENT);
                Stream<Path> files = Files.list(Path.of(args[2]))) {
            List<Path> photos = files.filter(Files::isRegularFile).sorted().toList();
            for (Path photo : photos) {
                ImageEncoder.write(
                        segmenter.overlay(ImageDecoder.read(photo)), out.resolve(photo.getFileName() + ".png"));
            }
            System.out.println("%s: %d overlays".formatted(out, photos.size()));
        }
    }
}
