package io.dino4j.examples.cli;

import io.dino4j.train.eval.Protocol;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Depth by linear heads. */
@Command(
        name = "depth",
        description = "Tell the depth of every pixel by a linear head on frozen tokens: RMSE, abs rel, delta.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate depth --weights runs/photos --depth kitchen",
            "  ./dino4j evaluate depth --weights dinov2_vits14 --depth kitchen --depth-also dining-room --out results",
            "",
            "A photo and its depth have the same base name and size. See docs/dense.md."
        })
final class EvaluateDepthCommand implements Callable<Integer> {
    @Mixin
    private EvaluationOptions evaluation;

    @Mixin
    private final DenseOptions dense = new DenseOptions();

    @Mixin
    private final DepthOptions photos = new DepthOptions(dense);

    @Override
    public Integer call() throws IOException {
        List<Protocol> protocols = photos.protocols();
        if (protocols.isEmpty()) {
            throw new IllegalArgumentException("photos with depth are missing: give --depth DIR");
        }
        return evaluation.run("Depth", protocols);
    }
}
