package io.dino4j.examples.cli;

import io.dino4j.train.eval.classify.LinearProtocol;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Linear heads on frozen features. */
@Command(
        name = "linear",
        description =
                "Train linear heads on frozen features: 13 learning rates x last block or last 4 x without or with patches.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate linear --weights runs/photos --data labelled",
            "  ./dino4j evaluate linear --weights runs/photos --data labelled --held-out 0.1 --baseline untrained,pixels --out results",
            "",
            ClassificationOptions.LAYOUT,
            "a file at 224 pixels, or fewer if it was trained on smaller ones. Images are not augmented."
        })
final class EvaluateLinearCommand implements Callable<Integer> {
    @Mixin
    private EvaluationOptions evaluation;

    @Mixin
    private ClassificationOptions images;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "" + LinearProtocol.USUAL_STEPS,
            description = "Steps of training; default ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "" + LinearProtocol.USUAL_BATCH,
            description = "Images in a step; default ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--held-out",
            paramLabel = "SHARE",
            defaultValue = "0",
            description =
                    "Choose the best head on this share of the training images, such as 0.1; default: on the images reported on, as the official code does.")
    private double heldOut;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Default ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    public Integer call() throws IOException {
        LinearProtocol protocol = new LinearProtocol(images.require(), batch, steps, heldOut, seed);
        return evaluation.run("Linear heads", List.of(protocol));
    }
}
