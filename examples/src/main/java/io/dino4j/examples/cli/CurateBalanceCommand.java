package io.dino4j.examples.cli;

import io.dino4j.data.curation.BalanceStage;
import io.dino4j.data.curation.ClusterSet;
import io.dino4j.data.vector.BalancedSample.Pick;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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

    @Mixin
    private StageOptions stage;

    @Override
    public Integer call() throws IOException {
        return stage.run(
                progress -> new BalanceStage(ClusterSet.open(clusters), images, pick, seed)
                        .run(stage.out(), stage.force(), progress),
                done -> "%d of %d images from %s clusters, in %s"
                        .formatted(done.out(), done.in(), done.values().get("clusters_used"), stage.out()));
    }
}
