package io.dino4j.examples.cli;

import io.dino4j.train.eval.classify.LogisticProtocol;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Logistic regression on frozen features. */
@Command(
        name = "logreg",
        description =
                "Logistic regression on frozen features (L-BFGS), its strength chosen out of 45 on a tenth of the training images.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate logreg --weights runs/photos --data labelled",
            "",
            ClassificationOptions.LAYOUT,
            "a file at 224 pixels, or fewer if it was trained on smaller ones."
        })
final class EvaluateLogregCommand implements Callable<Integer> {
    @Mixin
    private EvaluationOptions evaluation;

    @Mixin
    private ClassificationOptions images;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Which tenth; default ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    public Integer call() throws IOException {
        return evaluation.run("Logistic regression", List.of(new LogisticProtocol(images.require(), seed)));
    }
}
