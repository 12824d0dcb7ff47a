package io.dino4j.train.eval.dense;

import io.dino4j.data.Progress;
import io.dino4j.data.image.Image;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Figure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Semantic segmentation by a linear head on frozen patch tokens (paper section 7.4): batch norm and a 1x1 convolution. The head is trained at
 * the images' usual size; its numbers are enlarged bilinearly to the masks' size.
 *
 * @param data images and masks
 * @param variant which tokens, at which scales
 * @param settings size of images, and how the head is trained
 */
public record SegmentationProtocol(SegmentationData data, SegmentationVariant variant, DenseSettings settings)
        implements Protocol {
    @Override
    public String name() {
        return variant.title();
    }

    @Override
    public Evaluation evaluate(Subject subject, FeatureCache cache, Progress progress) throws IOException {
        SegmentationScores scores = new SegmentationScores(data.classes().names());
        List<Figure.Panel> panels = new ArrayList<>();
        int[] shown = DensePictures.shown(data.test().size());
        try (Segmenter segmenter = Segmenter.train(subject, data, variant, settings, cache, progress)) {
            progress.begin("segmenting, " + subject.title(), 0, data.test().size());
            for (int i = 0; i < data.test().size(); i++) {
                int[] truth = data.mask(data.test(), i);
                Image image = data.test().image(i);
                int[] predicted = segmenter.segment(image);
                scores.add(truth, predicted);
                if (Arrays.binarySearch(shown, i) >= 0) {
                    panels.add(new Figure.Panel(
                            data.test().truths().get(i).getFileName() + ": image, truth, prediction",
                            List.of(
                                    image,
                                    DensePictures.overlay(image, truth, data.classes()),
                                    DensePictures.overlay(image, predicted, data.classes()))));
                }
                progress.advance(i + 1L, Map.of());
            }
        } finally {
            progress.end();
        }
        List<Figure> figures = new ArrayList<>(scores.figures());
        figures.add(legend());
        figures.add(new Figure.Gallery("Segmented images", panels));
        return new Evaluation(
                name(), subject.title(), subject.fingerprint(), facts(scores), how(), scores.metrics(), figures);
    }

    private Figure legend() {
        SegmentationClasses c = data.classes();
        return new Figure.Table(
                "Colours of classes",
                List.of("class", "colour"),
                IntStream.range(0, c.size())
                        .mapToObj(i -> List.of(
                                c.names().get(i), "#%06x".formatted(c.colors().get(i))))
                        .toList());
    }

    private Map<String, String> facts(SegmentationScores scores) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("images to learn from", Integer.toString(data.train().size()));
        facts.put("images segmented", Integer.toString(data.test().size()));
        facts.put("classes", String.join(", ", data.classes().names()));
        facts.put(
                "classes in no mask and no prediction, left out of means",
                scores.absent().isEmpty() ? "none" : String.join(", ", scores.absent()));
        return facts;
    }

    private Map<String, String> how() {
        Map<String, String> how = new LinkedHashMap<>();
        how.put(
                "features",
                variant.layers() == 1 ? "patch tokens of the last block" : "patch tokens of the last 4 blocks");
        how.put("scales", variant.ratios().stream().map(String::valueOf).collect(Collectors.joining(", ")));
        how.putAll(settings.facts());
        return how;
    }
}
