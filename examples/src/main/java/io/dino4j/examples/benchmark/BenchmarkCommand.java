package io.dino4j.examples.benchmark;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures how fast this machine runs a backbone. */
@Command(
        name = "benchmark",
        description = "Measure how fast this machine runs a backbone.",
        mixinStandardHelpOptions = true,
        subcommands = {
            BenchmarkCommand.Forward.class,
            BenchmarkCommand.Train.class,
            StepBenchmark.class,
            ExtractBenchmark.class,
            DataBenchmark.class,
            VectorBenchmark.class,
            CopiesBenchmark.class,
            ScalingBenchmark.class
        },
        footer = {
            "",
            "Examples:",
            "  ./dino4j benchmark forward",
            "  ./dino4j benchmark train --preset vits14 --batch 8 --size 224 --against stock",
            "  ./dino4j benchmark step --preset vits14 --batch 4 --profile",
            "  ./dino4j benchmark extract --images photos/",
            "  ./dino4j benchmark data --images photos/ --against torchvision",
            "  ./dino4j benchmark vectors --n 100000",
            "  ./dino4j benchmark copies --pool photos/",
            "  ./dino4j benchmark scaling"
        })
public final class BenchmarkCommand {
    private BenchmarkCommand() {}

    /** Features of images. */
    @Command(
            name = "forward",
            description = "Images to features.",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            footer = {
                "",
                "Examples:",
                "  ./dino4j benchmark forward --preset vits14 --batch 8 --size 224",
                "  ./dino4j benchmark forward --against stock --json > forward.json",
                "",
                "Times are medians after a warm-up. 'of peak' is the share of the machine's fastest matrix product,"
                        + " measured in the same run."
            })
    static final class Forward extends BackboneBenchmark {
        @Override
        boolean training() {
            return false;
        }
    }

    /** Gradients of all parameters. */
    @Command(
            name = "train",
            description = "Forward and backward: the gradient of every parameter, without heads and optimiser.",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            footer = {
                "",
                "Examples:",
                "  ./dino4j benchmark train --preset vits14 --batch 8 --size 224",
                "  ./dino4j benchmark train --preset tiny --profile",
                "",
                "Times are medians after a warm-up. A backward pass counts as two forward passes of matrix products."
            })
    static final class Train extends BackboneBenchmark {
        @Option(
                names = "--recompute",
                description =
                        "Work blocks out again for the gradients (train.recompute_blocks): less memory, more time.")
        private boolean recompute;

        @Override
        boolean recompute() {
            return recompute;
        }

        @Override
        boolean training() {
            return true;
        }
    }
}
