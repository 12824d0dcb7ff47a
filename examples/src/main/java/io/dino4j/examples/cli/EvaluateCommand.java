package io.dino4j.examples.cli;

import picocli.CommandLine.Command;

/** Measures what trained features are worth. */
@Command(
        name = "evaluate",
        description = "Measure what trained features are worth.",
        mixinStandardHelpOptions = true,
        subcommands = {EvaluateKnnCommand.class, EvaluateSegmentationCommand.class, EvaluateDepthCommand.class},
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate knn --weights runs/photos --train labelled/train --val labelled/val",
            "",
            "See docs/evaluate.md."
        })
final class EvaluateCommand {
    private EvaluateCommand() {}
}
