package io.dino4j.examples.cli;

import picocli.CommandLine.Command;

/** The processes of a run on several machines. */
@Command(
        name = "node",
        description = "A process of a run on several machines: a parameter server, or a worker. See docs/scaling.md.",
        mixinStandardHelpOptions = true,
        subcommands = {NodeServerCommand.class, NodeWorkerCommand.class},
        footer = {
            "",
            "Examples: servers on the machines a and b, a worker and the process that records the run anywhere",
            "  ./dino4j node server --shard 0/2 --listen a:7700 --key-file run.key --state state/",
            "  ./dino4j node server --shard 1/2 --listen b:7700 --key-file run.key --state state/",
            "  ./dino4j node worker --servers a:7700,b:7700 --key-file run.key --workers 2 --images photos/ --preset vits14",
            "  ./dino4j pretrain --servers a:7700,b:7700 --key-file run.key --workers 2 --images photos/ --preset vits14 --out runs/photos"
        })
final class NodeCommand {}
