package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.BlocksOf;
import io.dino4j.data.curation.ClusterSet;
import io.dino4j.data.curation.ClusterStage;
import io.dino4j.data.curation.EmbeddingSet;
import io.dino4j.data.curation.RetrievalRule;
import io.dino4j.data.curation.RetrievalStage;
import io.dino4j.data.vector.KMeansConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Takes from a pool what is like curated images. */
@Command(
        name = "retrieve",
        description = "Take from a pool what is like curated images, as a set to learn from. No image is taken twice.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j curate retrieve --curated seed.emb --pool pool.emb --per-image 4 --out lvd.manifest",
            "  ./dino4j curate retrieve --curated seed.emb --pool pool.emb --clusters clusters \\",
            "      --per-cluster 10000 --most 1000000 --out lvd.manifest",
            "  ./dino4j pretrain --images lvd.manifest --preset nano --out runs/curated",
            "",
            "The result is a folder: images.parquet is the list, report.html shows what was taken and why."
        })
final class CurateRetrieveCommand implements Callable<Integer> {
    @Option(
            names = "--curated",
            required = true,
            paramLabel = "DIR",
            description = "Embedded images of the kind wanted.")
    private Path curated;

    @Option(names = "--pool", required = true, paramLabel = "DIR", description = "Embedded images to choose from.")
    private Path pool;

    @ArgGroup(multiplicity = "1")
    private Rule rule;

    private static final class Rule {
        @Option(
                names = "--per-image",
                paramLabel = "N",
                description = "Take the N nearest of each curated image: for large curated sets.")
        private Integer perImage;

        @Option(
                names = "--per-cluster",
                paramLabel = "N",
                description = "Take N images, drawn at random, of each cluster with curated images: for small sets.")
        private Integer perCluster;
    }

    @Option(
            names = "--clusters",
            paramLabel = "DIR",
            description =
                    "Clusters of the pool that 'curate cluster' has made; default: about the square root of the pool's size, at most 1,000, are made.")
    private Path clusters;

    @Option(names = "--most", paramLabel = "N", description = "Most images taken in all; the paper: 1,000,000.")
    private int most = Integer.MAX_VALUE;

    @Option(
            names = "--least-similarity",
            paramLabel = "S",
            defaultValue = "-1",
            description = "With --per-image: nothing less similar is taken, -1 to 1; default no limit.")
    private float least;

    @Option(
            names = "--least-curated",
            paramLabel = "N",
            defaultValue = "4",
            description =
                    "With --per-cluster: curated images that a cluster must hold to count; default ${DEFAULT-VALUE}.")
    private int leastCurated;

    @Option(names = "--retrieved-only", description = "Leave the curated images themselves out of the result.")
    private boolean retrievedOnly;

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
        EmbeddingSet wanted = EmbeddingSet.open(curated);
        EmbeddingSet all = EmbeddingSet.open(pool);
        wanted.requireComparable(all);
        return stage.run(
                progress -> new RetrievalStage(wanted, all, clusters(all, progress), rule(), most, !retrievedOnly)
                        .run(stage.out(), BlocksOf.here(), stage.force(), progress),
                done ->
                        "%s of %d images taken for %d curated ones, from %s of %s clusters, in %s; see report.html there"
                                .formatted(
                                        done.values().get("retrieved"),
                                        all.size(),
                                        wanted.size(),
                                        done.values().get("clusters_used"),
                                        done.values().get("clusters"),
                                        stage.out()));
    }

    private RetrievalRule rule() {
        return rule.perImage != null
                ? new RetrievalRule.PerImage(rule.perImage, least)
                : new RetrievalRule.PerCluster(rule.perCluster, leastCurated, seed);
    }

    private ClusterSet clusters(EmbeddingSet all, Progress progress) throws IOException {
        if (clusters != null) {
            return ClusterSet.open(clusters);
        }
        Path made = stage.out().toAbsolutePath().resolveSibling(stage.out().getFileName() + ".clusters");
        return new ClusterStage(all, KMeansConfig.of(ClusterStage.usual(all.size()), seed), 1)
                .run(made, BlocksOf.here(), stage.force(), progress);
    }
}
