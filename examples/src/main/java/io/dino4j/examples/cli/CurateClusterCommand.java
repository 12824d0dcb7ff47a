package io.dino4j.examples.cli;

import io.dino4j.data.curation.BlocksOf;
import io.dino4j.data.curation.ClusterStage;
import io.dino4j.data.curation.EmbeddingSet;
import io.dino4j.data.vector.KMeansConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Clusters of embedded images. */
@Command(
        name = "cluster",
        description = "Find clusters of embedded images: k-means on cosine distance.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j curate cluster --embeddings pool.emb --k 1000 --out clusters",
            "  ./dino4j curate cluster --embeddings pool.emb --k 1000 --levels 3 --out clusters       to balance",
            "  ./dino4j curate cluster --embeddings pool.emb --k 1000 --batch 100000 --out clusters   mini-batches",
            "",
            "After an interruption the same command goes on after the last iteration."
        })
final class CurateClusterCommand implements Callable<Integer> {
    @Option(
            names = "--embeddings",
            required = true,
            paramLabel = "DIR",
            description = "Folder that 'curate embed' or 'curate dedup' has made.")
    private Path embeddings;

    @Option(names = "--k", required = true, paramLabel = "N", description = "Clusters.")
    private int clusters;

    @Option(
            names = "--levels",
            paramLabel = "N",
            defaultValue = "1",
            description = "Levels, each with a tenth of the clusters of the one below; default ${DEFAULT-VALUE}.")
    private int levels;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            defaultValue = "50",
            description =
                    "Most iterations; it ends before when one image in a thousand changes its cluster; default ${DEFAULT-VALUE}.")
    private int iterations;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "0",
            description = "Images drawn for each iteration; default all of them.")
    private int batch;

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
        KMeansConfig config =
                KMeansConfig.of(clusters, seed).withIterations(iterations).withBatch(batch);
        return stage.run(
                progress -> new ClusterStage(EmbeddingSet.open(embeddings), config, levels)
                        .run(stage.out(), BlocksOf.here(), stage.force(), progress),
                done -> "%d images in %s clusters, mean similarity to the centre %.3f, in %s; see report.html there"
                        .formatted(
                                done.in(),
                                done.values().get("clusters"),
                                done.values().get("mean_similarity"),
                                stage.out()));
    }
}
