package io.dino4j.examples.cli;

import io.dino4j.train.eval.Protocol;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Semantic segmentation by linear heads. */
@Command(
        name = "segmentation",
        description = "Tell the class of every pixel by a linear head on frozen patch tokens: mIoU, pixel accuracy.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate segmentation --weights runs/photos --segmentation camvid",
            "  ./dino4j evaluate segmentation --weights dinov2_vits14 --segmentation camvid --baseline untrained,pixels --out results",
            "",
            "Images and masks have the same base name and size; a mask is a PNG file whose pixels are indices of classes.csv.",
            "See docs/dense.md."
        })
final class EvaluateSegmentationCommand implements Callable<Integer> {
    @Mixin
    private EvaluationOptions evaluation;

    @Mixin
    private final DenseOptions dense = new DenseOptions();

    @Mixin
    private final SegmentationOptions images = new SegmentationOptions(dense);

    @Override
    public Integer call() throws IOException {
        List<Protocol> protocols = images.protocols();
        if (protocols.isEmpty()) {
            throw new IllegalArgumentException("images with masks are missing: give --segmentation DIR");
        }
        return evaluation.run("Semantic segmentation", protocols);
    }
}
