package io.dino4j.examples.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.examples.cli.EvaluationOptions.Baseline;
import io.dino4j.examples.cli.EvaluationOptions.Results;
import io.dino4j.train.eval.classify.KnnProtocol;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Metric;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Weighted k-NN of labelled images, without any training. */
@Command(
        name = "knn",
        description =
                "Classify labelled images by their nearest neighbours in feature space (k = 10, 20, 100 and 200).",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate knn --weights runs/photos --train labelled/train --val labelled/val",
            "  ./dino4j evaluate knn --weights dinov2_vits14_pretrain.pth --train labelled/train --val labelled/val",
            "  ./dino4j evaluate knn --weights runs/a --weights runs/b --baseline untrained,pixels --data labelled --out results",
            "",
            ClassificationOptions.LAYOUT,
            "a file at 224 pixels, or fewer if it was trained on smaller ones."
        })
final class EvaluateKnnCommand implements Callable<Integer> {
    private static final String PROTOCOL = "k-NN";

    @Mixin
    private EvaluationOptions evaluation;

    @Mixin
    private ClassificationOptions images;

    @Option(names = "--per-class", paramLabel = "N", description = "Look among N images of each class only.")
    private Integer perClass;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Which images --per-class chooses; default ${DEFAULT-VALUE}.")
    private long seed;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (perClass != null && perClass < 1) {
            throw new IllegalArgumentException("--per-class must be 1 or more, got " + perClass);
        }
        OptionalInt few = perClass == null ? OptionalInt.empty() : OptionalInt.of(perClass);
        KnnProtocol protocol = new KnnProtocol(images.require(), few, seed);
        Results results = evaluation.evaluate("Nearest neighbours", List.of(protocol), List.of(Baseline.PIXELS));
        if (!evaluation.isPlain()) {
            evaluation.print(results.report());
            return 0;
        }
        Map<Integer, Double> accuracy = byK(results.ofFirst(PROTOCOL));
        Map<Integer, Double> pixels = byK(results.of(PROTOCOL, "raw pixels").orElseThrow());
        PrintWriter to = spec.commandLine().getOut();
        if (evaluation.json()) {
            to.println(json(results, accuracy, pixels));
        } else {
            to.println(results.first());
            accuracy.forEach((k, a) ->
                    to.printf("k = %-3d  accuracy %5.2f%%   raw pixels %5.2f%%%n", k, 100 * a, 100 * pixels.get(k)));
        }
        evaluation.told(to);
        return 0;
    }

    private static Map<Integer, Double> byK(Evaluation evaluation) {
        Map<Integer, Double> byK = new TreeMap<>();
        for (Metric m : evaluation.metrics()) {
            if (m.name().startsWith("k = ")) {
                byK.put(Integer.parseInt(m.name().substring("k = ".length())), m.value());
            }
        }
        return byK;
    }

    /** The report, with the accuracies of the one network where a program finds them without searching. */
    private String json(Results results, Map<Integer, Double> accuracy, Map<Integer, Double> pixels)
            throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode node = mapper.createObjectNode();
        node.put("weights", evaluation.firstWeights().toString());
        results.step().ifPresent(step -> node.put("step", step));
        node.set("knn", mapper.valueToTree(accuracy));
        node.set("raw_pixels", mapper.valueToTree(pixels));
        node.setAll((ObjectNode) mapper.readTree(results.report().json()));
        return mapper.writeValueAsString(node);
    }
}
