package io.dino4j.examples.cli;

import io.dino4j.data.curation.BalanceStage;
import io.dino4j.data.curation.ClusterSet;
import io.dino4j.data.curation.StageSummary;
import io.dino4j.data.vector.BalancedSample.Pick;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Draws images evenly over clusters. */
@Command(
        name = "balance",
        description = "Draw images evenly over clusters, as a set to learn from; no curated images are needed.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j curate cluster --embeddings pool.emb --k 1000 --levels 3 --out clusters",
            "  ./dino4j curate balance --clusters clusters --images 100000 --out balanced.manifest",
            "  ./dino4j pretrain --images balanced.manifest --preset nano --out runs/balanced"
        })
final class CurateBalanceCommand implements Callable<Integer> {
    @Option(
            names = "--clusters",
            required = true,
            paramLabel = "DIR",
            description = "Folder that 'curate cluster' has made.")
    private Path clusters;

    @Option(names = "--images", required = true, paramLabel = "N", description = "Images to draw.")
    private int images;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder to make; pretrain --images takes it.")
    private Path out;

    @Option(
            names = "--pick",
            paramLabel = "RULE",
            defaultValue = "random",
            description = "Which of a cluster: random, or those closest to its centre; default ${DEFAULT-VALUE}.")
    private Pick pick;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Of all that is drawn; default ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--force", description = "Replace what was made with other settings.")
    private boolean force;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        try (ConsoleProgress progress = new ConsoleProgress(System.err)) {
            new BalanceStage(ClusterSet.open(clusters), images, pick, seed).run(out, force, progress);
        }
        StageSummary done = StageSummary.of(out);
        CurateCommand.print(
                spec,
                out,
                json,
                "%d of %d images from %s clusters, in %s"
                        .formatted(done.out(), done.in(), done.values().get("clusters_used"), out));
        return 0;
    }
}
