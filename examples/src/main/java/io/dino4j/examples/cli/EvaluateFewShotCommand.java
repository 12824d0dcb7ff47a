package io.dino4j.examples.cli;

import io.dino4j.train.eval.classify.FewShotProtocol;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Classification from few examples. */
@Command(
        name = "fewshot",
        description = "Classify after 1, 2, 5 and 10 labelled images of each class, drawn several times.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate fewshot --weights runs/photos --data labelled",
            "  ./dino4j evaluate fewshot --weights runs/photos --data labelled --per-class 1,4,16 --draws 20",
            "",
            ClassificationOptions.LAYOUT,
            "a file at 224 pixels, or fewer if it was trained on smaller ones."
        })
final class EvaluateFewShotCommand implements Callable<Integer> {
    @Mixin
    private EvaluationOptions evaluation;

    @Mixin
    private ClassificationOptions images;

    @Option(
            names = "--per-class",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,2,5,10",
            description = "Numbers of images of each class; default ${DEFAULT-VALUE}.")
    private List<Integer> shots;

    @Option(
            names = "--draws",
            paramLabel = "N",
            defaultValue = "10",
            description = "How often images are drawn; default ${DEFAULT-VALUE}.")
    private int draws;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Of the draws; default ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    public Integer call() throws IOException {
        return evaluation.run("Few-shot", List.of(new FewShotProtocol(images.require(), shots, draws, seed)));
    }
}
