package io.dino4j.examples.cli;

import io.dino4j.train.eval.Protocol;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Every protocol whose data is given. */
@Command(
        name = "all",
        description = "Run every protocol whose data is given, with its usual settings.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Example:",
            "  ./dino4j evaluate all --weights runs/photos --baseline untrained,pixels --data labelled --out results"
        })
final class EvaluateAllCommand implements Callable<Integer> {
    @Mixin
    private EvaluationOptions evaluation;

    @Mixin
    private ClassificationOptions classification;

    @Mixin
    private final DenseOptions dense = new DenseOptions();

    @Mixin
    private final SegmentationOptions segmentation = new SegmentationOptions(dense);

    @Mixin
    private final DepthOptions depth = new DepthOptions(dense);

    @Mixin
    private RetrievalOptions retrieval;

    @Mixin
    private CopiesOptions copies;

    @Mixin
    private VideoOptions video;

    /** All families of protocols, in the order of the report. */
    private List<ProtocolOptions> families() {
        return List.of(classification, segmentation, depth, retrieval, copies, video);
    }

    @Override
    public Integer call() throws IOException {
        List<Protocol> protocols = new ArrayList<>();
        for (ProtocolOptions family : families()) {
            protocols.addAll(family.protocols());
        }
        if (protocols.isEmpty()) {
            throw new IllegalArgumentException("there is nothing to evaluate on; give one or more of "
                    + families().stream().map(ProtocolOptions::dataOption).collect(Collectors.joining(", ")));
        }
        return evaluation.run("Evaluation", protocols);
    }
}
