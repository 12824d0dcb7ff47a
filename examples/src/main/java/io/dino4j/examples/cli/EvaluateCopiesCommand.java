package io.dino4j.examples.cli;

import io.dino4j.data.source.ImageSource;
import io.dino4j.examples.cli.EvaluationOptions.OtherSubject;
import io.dino4j.train.eval.feature.DescriptorSubject;
import io.dino4j.train.eval.retrieval.CopiesProtocol;
import io.dino4j.train.eval.retrieval.CopySet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Copy detection. */
@Command(
        name = "copies",
        description =
                "Find what altered copies were made of, by the cosine of features: micro-AP and recall at precision 90%%.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j evaluate copies --weights runs/photos --data ../shared/data/copies --classic",
            "  ./dino4j evaluate copies --weights runs/photos --data ../shared/data/copies --references ../shared/data/imagenet-sample",
            "  ./dino4j evaluate copies --weights runs/a --weights runs/b --baseline untrained,pixels --data copies --out results",
            "",
            "See docs/retrieval.md."
        })
final class EvaluateCopiesCommand implements Callable<Integer> {
    @Mixin
    private EvaluationOptions evaluation;

    @Option(names = "--data", required = true, paramLabel = "DIR", description = CopiesOptions.LAYOUT)
    private Path data;

    @Option(names = "--references", paramLabel = "PATH", description = CopiesOptions.REFERENCES)
    private Path references;

    @Option(
            names = "--background",
            paramLabel = "PATH",
            description =
                    "Normalise scores: take off the mean cosine of a copy to its 10 nearest of these images, none of which is an original.")
    private Path background;

    @Option(
            names = "--classic",
            description = "Compare with the descriptor of 'curate embed --copies', which needs no network.")
    private boolean classic;

    @Mixin
    private PoolingOption features;

    @Override
    public Integer call() throws IOException {
        CopySet set = CopiesOptions.open(data, references);
        Optional<ImageSource> others = background == null ? Optional.empty() : Optional.of(Images.open(background));
        List<OtherSubject> more =
                classic ? List.of(progress -> DescriptorSubject.learn(set.references(), progress)) : List.of();
        return evaluation.run("Copy detection", List.of(new CopiesProtocol(set, features.pooling(), others)), more);
    }
}
