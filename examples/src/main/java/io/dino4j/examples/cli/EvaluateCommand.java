package io.dino4j.examples.cli;

import picocli.CommandLine.Command;

/** Measures what trained features are worth. */
@Command(
        name = "evaluate",
        description = "Measure what trained features are worth.",
        mixinStandardHelpOptions = true,
        subcommands = {
            EvaluateAllCommand.class,
            EvaluateKnnCommand.class,
            EvaluateLinearCommand.class,
            EvaluateLogregCommand.class,
            EvaluateFewShotCommand.class,
            EvaluateSegmentationCommand.class,
            EvaluateDepthCommand.class,
            EvaluateVideoCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate knn --weights runs/photos --train labelled/train --val labelled/val",
            "  ./dino4j evaluate segmentation --weights runs/photos --segmentation camvid",
            "  ./dino4j evaluate depth --weights runs/photos --depth kitchen",
            "  ./dino4j evaluate video --weights runs/photos --video DAVIS",
            "  ./dino4j evaluate all --weights runs/photos --baseline untrained,pixels --data labelled --out results",
            "",
            "See docs/evaluate.md and docs/dense.md."
        })
final class EvaluateCommand {
    private EvaluateCommand() {}
}
