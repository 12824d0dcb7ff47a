package io.dino4j.examples.cli;

import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.dense.SegmentationData;
import io.dino4j.train.eval.dense.SegmentationProtocol;
import io.dino4j.train.eval.dense.SegmentationVariant;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** {@code --segmentation}: images and masks. */
final class SegmentationOptions implements ProtocolOptions {
    @Option(
            names = "--segmentation",
            paramLabel = "DIR",
            description = "Images and masks: train/images, train/masks, val/images, val/masks and classes.csv.")
    private Path data;

    @Option(
            names = "--ignore",
            split = ",",
            paramLabel = "N",
            description =
                    "Numbers in masks that do not count; default those that classes.csv calls unlabelled, void or ignore. 255 never counts.")
    private Set<Integer> ignored;

    @Option(
            names = "--segmentation-heads",
            split = ",",
            paramLabel = "NAME",
            description = "linear, multiscale, or both with a comma; default both.")
    private List<SegmentationVariant> variants;

    private final DenseOptions dense;

    /**
     * Segmentation that is trained as these say.
     *
     * @param dense a mixin of the same command
     */
    SegmentationOptions(DenseOptions dense) {
        this.dense = dense;
    }

    @Override
    public String dataOption() {
        return "--segmentation";
    }

    @Override
    public List<Protocol> protocols() {
        if (data == null) {
            return List.of();
        }
        SegmentationData images = SegmentationData.open(data, checked());
        List<SegmentationVariant> wanted = variants == null ? Arrays.asList(SegmentationVariant.values()) : variants;
        return wanted.stream()
                .distinct()
                .<Protocol>map(v -> new SegmentationProtocol(images, v, dense.settings(images.train())))
                .toList();
    }

    private Set<Integer> checked() {
        Set<Integer> values = ignored == null ? Set.of() : ignored;
        if (values.stream().anyMatch(v -> v < 0 || v > 65535)) {
            throw new IllegalArgumentException("--ignore: expected numbers from 0 to 65535, got " + values);
        }
        return values;
    }
}
