package io.dino4j.examples.cli;

import io.dino4j.train.eval.Protocol;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Objects followed through videos. */
@Command(
        name = "video",
        description = "Follow the objects of a first frame's mask by patch features, without training: J and F.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate video --weights runs/photos --video DAVIS",
            "  ./dino4j evaluate video --weights dinov2_vits14 --video DAVIS --baseline untrained,pixels --out results",
            "",
            "For pictures of a video without masks: ./dino4j visualize video. See docs/dense.md."
        })
final class EvaluateVideoCommand implements Callable<Integer> {
    @Mixin
    private EvaluationOptions evaluation;

    @Mixin
    private VideoOptions videos;

    @Override
    public Integer call() throws IOException {
        List<Protocol> protocols = videos.protocols();
        if (protocols.isEmpty()) {
            throw new IllegalArgumentException("videos with masks are missing: give --video DIR");
        }
        return evaluation.run("Video", protocols);
    }
}
