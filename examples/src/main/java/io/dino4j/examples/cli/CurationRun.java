package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.BalanceStage;
import io.dino4j.data.curation.BlocksOf;
import io.dino4j.data.curation.ClusterSet;
import io.dino4j.data.curation.ClusterStage;
import io.dino4j.data.curation.DedupRule;
import io.dino4j.data.curation.DedupStage;
import io.dino4j.data.curation.EmbeddingSet;
import io.dino4j.data.curation.RetrievalRule;
import io.dino4j.data.curation.RetrievalStage;
import io.dino4j.data.curation.StageSummary;
import io.dino4j.data.curation.copy.CopyEmbedding;
import io.dino4j.data.page.Page;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSources;
import io.dino4j.data.vector.BalancedSample.Pick;
import io.dino4j.data.vector.KMeansConfig;
import io.dino4j.data.vector.VectorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The stages of a curation in order, each in a folder of its own below {@code out}: {@code pool.copies}, {@code benchmark.copies} and
 * {@code pool.dedup} without near-duplicates, {@code pool.emb} and {@code curated.emb} with vectors of the network, {@code clusters}, and
 * {@code lvd.manifest}, the result. What is done already is not done again.
 */
final class CurationRun {
    private final CurationConfig config;
    private final NetworkEmbedding network;
    private final boolean force;
    private final Progress progress;
    private final Path out;
    private final List<Path> stages = new ArrayList<>();

    CurationRun(CurationConfig config, NetworkEmbedding network, boolean force, Progress progress) {
        this.config = config;
        this.network = network;
        this.force = force;
        this.progress = progress;
        this.out = Path.of(config.out());
    }

    /** Where the result is. */
    Path result() {
        return out.resolve("lvd.manifest");
    }

    /**
     * Runs all stages.
     *
     * @return their folders, in order
     */
    List<Path> run() throws IOException {
        Files.createDirectories(out);
        ImageSource pool = ImageSources.open(config.images(), progress::say);
        EmbeddingSet embedded = config.dedup().isWanted()
                ? embed(withoutCopies(pool), out.resolve("pool.dedup").toString(), "pool.emb")
                : embed(pool, config.images(), "pool.emb");
        ClusterSet clusters = cluster(embedded);
        if (config.curated() == null) {
            CurationConfig.Balance balance = config.balance();
            Pick pick = balance.pick() == null ? Pick.RANDOM : balance.pick();
            new BalanceStage(clusters, balance.images(), pick, config.seed()).run(result(), force, progress);
        } else {
            ImageSource curated = ImageSources.open(config.curated(), progress::say);
            retrieve(embed(curated, config.curated(), "curated.emb"), embedded, clusters);
        }
        stages.add(result());
        return stages;
    }

    private ImageSource withoutCopies(ImageSource pool) throws IOException {
        EmbeddingSet copies = copies(pool, config.images(), "pool.copies", Optional.empty());
        Optional<EmbeddingSet> benchmark = config.benchmark() == null
                ? Optional.empty()
                : Optional.of(copies(
                        ImageSources.open(config.benchmark(), progress::say),
                        config.benchmark(),
                        "benchmark.copies",
                        Optional.of(copies.folder())));
        DedupRule rule = config.dedup().rule(copies, config.seed());
        Path folder = out.resolve("pool.dedup");
        new DedupStage(copies, benchmark, rule).run(folder, BlocksOf.here(), force, progress);
        stages.add(folder);
        return EmbeddingSet.open(folder).source();
    }

    private EmbeddingSet copies(ImageSource images, String named, String name, Optional<Path> like) throws IOException {
        Path folder = out.resolve(name);
        int threads = Runtime.getRuntime().availableProcessors();
        EmbeddingSet set = new CopyEmbedding(images, named, like, threads, config.seed())
                .run(folder, VectorType.FLOAT32, force, progress);
        stages.add(folder);
        return set;
    }

    private EmbeddingSet embed(ImageSource images, String named, String name) throws IOException {
        Path folder = out.resolve(name);
        EmbeddingSet set =
                network.embed(images, named, folder, config.embedder().type(), force, progress);
        stages.add(folder);
        return set;
    }

    private ClusterSet cluster(EmbeddingSet embedded) throws IOException {
        CurationConfig.Cluster wanted = config.cluster();
        int usual = ClusterStage.usual(embedded.size());
        KMeansConfig kMeans = KMeansConfig.of(wanted.k() == null ? usual : wanted.k(), config.seed());
        if (wanted.iterations() != null) {
            kMeans = kMeans.withIterations(wanted.iterations());
        }
        Path folder = out.resolve("clusters");
        int levels = wanted.levels() == null ? 1 : wanted.levels();
        ClusterSet clusters = new ClusterStage(embedded, kMeans, levels).run(folder, BlocksOf.here(), force, progress);
        stages.add(folder);
        return clusters;
    }

    private void retrieve(EmbeddingSet curated, EmbeddingSet pool, ClusterSet clusters) throws IOException {
        CurationConfig.Retrieve wanted = config.retrieve();
        RetrievalRule rule = wanted.perImage() != null
                ? new RetrievalRule.PerImage(
                        wanted.perImage(), wanted.leastSimilarity() == null ? -1 : wanted.leastSimilarity())
                : new RetrievalRule.PerCluster(
                        wanted.perCluster(),
                        wanted.leastCurated() == null ? RetrievalRule.PerCluster.USUAL : wanted.leastCurated(),
                        config.seed());
        int most = wanted.most() == null ? Integer.MAX_VALUE : wanted.most();
        boolean withCurated = wanted.withCurated() == null || wanted.withCurated();
        new RetrievalStage(curated, pool, clusters, rule, most, withCurated)
                .run(result(), BlocksOf.here(), force, progress);
    }

    /**
     * Writes the report of all stages.
     *
     * @param command how the run was started
     * @param versions of the program and what it ran on
     * @return where it is
     */
    Path report(String command, Map<String, String> versions) throws IOException {
        Page page = new Page("Curation of " + config.images());
        List<List<String>> rows = new ArrayList<>();
        for (Path stage : stages) {
            StageSummary s = StageSummary.of(stage);
            rows.add(List.of(
                    stage.getFileName().toString(),
                    s.stage(),
                    "%,d".formatted(s.in()),
                    "%,d".formatted(s.leftOut()),
                    s.added() == 0 ? "" : "%,d".formatted(s.added()),
                    "%,d".formatted(s.out())));
        }
        page.heading("Images in and out").table(List.of("folder", "stage", "in", "left out", "added", "out"), rows);
        for (Path stage : stages) {
            if (Files.exists(stage.resolve("report.html"))) {
                page.html("<h1>" + Page.escape(stage.getFileName().toString()) + "</h1>\n")
                        .include(stage.resolve("report.html"));
            }
        }
        Path report = out.resolve("report.html");
        page.provenance(command, versions, config.yaml()).write(report);
        return report;
    }
}
