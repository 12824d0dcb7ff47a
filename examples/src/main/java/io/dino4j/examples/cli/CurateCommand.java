package io.dino4j.examples.cli;

import picocli.CommandLine.Command;

/** Chooses images to learn from. */
@Command(
        name = "curate",
        description =
                "Choose images to learn from: remove near-duplicates, find clusters, retrieve what is like a curated set.",
        mixinStandardHelpOptions = true,
        subcommands = {
            CurateEmbedCommand.class,
            CurateDedupCommand.class,
            CurateClusterCommand.class,
            CurateRetrieveCommand.class,
            CurateBalanceCommand.class,
            CurateRunCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  ./dino4j curate embed    --images pool/ --weights runs/photos --out pool.emb",
            "  ./dino4j curate dedup    --embeddings pool.emb --out pool.dedup",
            "  ./dino4j curate cluster  --embeddings pool.dedup --k 1000 --out clusters",
            "  ./dino4j curate retrieve --curated seed.emb --pool pool.dedup --per-image 4 --out lvd.manifest",
            "  ./dino4j curate balance  --clusters clusters --images 100000 --out balanced.manifest",
            "  ./dino4j curate run      --config curation.yaml",
            "  ./dino4j pretrain        --images lvd.manifest --preset nano --out runs/curated",
            "",
            "Each makes a folder that is whole or not there; after an interruption the same command goes on."
        })
final class CurateCommand {
    private CurateCommand() {}
}
