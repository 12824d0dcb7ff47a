package io.dino4j.examples.cli;

import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.retrieval.RetrievalProtocol;
import io.dino4j.train.eval.retrieval.RetrievalSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Instance retrieval. */
@Command(
        name = "retrieval",
        description =
                "Find other photos of the place on a photo, by the cosine of features: mAP, and mean precision at 1, 5 and 10.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate retrieval --weights runs/photos --data ../shared/data/landmarks --leave-one-out",
            "  ./dino4j evaluate retrieval --weights dinov2_vits14_pretrain.pth --data roxford5k --size 518 --out results",
            "  ./dino4j evaluate retrieval --weights runs/a --weights runs/b --baseline untrained,pixels --data landmarks",
            "",
            "With the ground truth of revisited Oxford or Paris: setups medium, hard and easy; queries are cut to their boxes.",
            "See docs/retrieval.md."
        })
final class EvaluateRetrievalCommand implements Callable<Integer> {
    @Mixin
    private EvaluationOptions evaluation;

    @Option(names = "--data", required = true, paramLabel = "DIR", description = RetrievalOptions.LAYOUT)
    private Path data;

    @Option(
            names = "--leave-one-out",
            description = "Also search for every labelled image of labels.csv among all others.")
    private boolean leaveOneOut;

    @Mixin
    private PoolingOption features;

    @Override
    public Integer call() throws IOException {
        List<Protocol> protocols = new ArrayList<>();
        protocols.add(new RetrievalProtocol(RetrievalSet.open(data, false), features.pooling()));
        if (leaveOneOut) {
            protocols.add(new RetrievalProtocol(RetrievalSet.open(data, true), features.pooling()));
        }
        return evaluation.run("Instance retrieval", protocols);
    }
}
