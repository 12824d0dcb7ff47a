package io.dino4j.examples.cli;

import io.dino4j.data.curation.BlocksOf;
import io.dino4j.data.curation.DedupRule;
import io.dino4j.data.curation.DedupStage;
import io.dino4j.data.curation.EmbeddingSet;
import io.dino4j.data.curation.SearchRule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Removes near-duplicates. */
@Command(
        name = "dedup",
        description = "Remove copies of images, altered or not, and all that resembles a benchmark.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j curate embed --images pool/ --copies --out pool.copies",
            "  ./dino4j curate dedup --embeddings pool.copies --out pool.dedup",
            "  ./dino4j curate embed --images val/ --like pool.copies --out val.copies",
            "  ./dino4j curate dedup --embeddings pool.copies --against val.copies --out pool.dedup",
            "",
            "Of each group of copies the one with most pixels stays, of these the largest file. removed.csv in the result says",
            "what each image was a copy of; report.html shows some. A group with any image like one of --against goes as a whole."
        })
final class CurateDedupCommand implements Callable<Integer> {
    @Option(names = "--embeddings", required = true, paramLabel = "DIR", description = "Embedded images.")
    private Path embeddings;

    @Option(
            names = "--threshold",
            paramLabel = "S",
            description =
                    "Least similarity of copies, -1 to 1; default 0.15 for vectors made with --copies (0.55 with --no-verify), 0.6 for others.")
    private Float threshold;

    @Option(
            names = "--against",
            paramLabel = "DIR",
            description = "Embedded images that nothing may be learnt from, such as an evaluation set.")
    private Path against;

    @Option(
            names = "--against-threshold",
            paramLabel = "S",
            description = "Least similarity to one of those; default as --threshold's with --copies, 0.45 for others.")
    private Float againstThreshold;

    @Option(
            names = "--no-verify",
            description =
                    "Trust the vectors alone. Otherwise the images of each pair are looked at, about 3 ms a pair.")
    private boolean noVerify;

    @Option(
            names = "--k",
            paramLabel = "N",
            defaultValue = "64",
            description = "Nearest neighbours of each image that are looked at; default ${DEFAULT-VALUE}.")
    private int k;

    @Option(
            names = "--search",
            paramLabel = "HOW",
            defaultValue = "auto",
            description =
                    "exact: each image is compared with all; cells: with those of the nearest clusters, for large pools; auto: cells above about 200,000 images; default ${DEFAULT-VALUE}.")
    private SearchRule.Method search;

    @Option(
            names = "--probes",
            paramLabel = "N",
            defaultValue = "" + SearchRule.PROBES,
            description = "Clusters in which each image's neighbours are looked for; default ${DEFAULT-VALUE}.")
    private int probes;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Seed of the clusters; default ${DEFAULT-VALUE}.")
    private long seed;

    @Mixin
    private StageOptions stage;

    @Override
    public Integer call() throws IOException {
        EmbeddingSet pool = EmbeddingSet.open(embeddings);
        Optional<EmbeddingSet> benchmark = against == null ? Optional.empty() : Optional.of(EmbeddingSet.open(against));
        DedupRule usual =
                DedupRule.usual(pool, !noVerify).withNeighbors(k).withSearch(new SearchRule(search, probes, seed));
        DedupRule similar = threshold == null ? usual : usual.withThreshold(threshold);
        DedupRule rule = againstThreshold == null ? similar : similar.withBenchmarkThreshold(againstThreshold);
        return stage.run(
                progress -> new DedupStage(pool, benchmark, rule)
                        .run(stage.out(), BlocksOf.here(), stage.force(), progress),
                done ->
                        "%d of %d images kept, in %s: %s the same file as another, %s altered copies, %s like the benchmark; see report.html there"
                                .formatted(
                                        done.out(),
                                        done.in(),
                                        stage.out(),
                                        done.values().get("exact"),
                                        done.values().get("near"),
                                        done.values().get("benchmark")));
    }
}
