package io.dino4j.examples.cli;

import io.dino4j.examples.option.KernelsOption;
import io.dino4j.train.Versions;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.sweep.Leaderboard;
import io.dino4j.train.sweep.Sweep;
import io.dino4j.train.sweep.SweepConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Searches over the keys of a configuration. */
@Command(
        name = "sweep",
        description =
                "Search for the values of a configuration's keys with the best k-NN accuracy. The same command, given again, goes on with what is not done.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Example, sweep.yaml:",
            "  base: nano                   # a preset or a file, as pretrain --preset or --config takes",
            "  images: photos/train         # a folder for each class",
            "  val: photos/val",
            "  epochs: 10",
            "  search: random               # or grid, genetic",
            "  candidates: 12",
            "  space:",
            "    optim.base_lr: {from: 3.0e-4, to: 1.0e-2, scale: log}",
            "    crops.local_crops_number: {from: 2, to: 8}",
            "    train.centering: [centering, sinkhorn_knopp]",
            "  stop: {median_after: 200}    # ends a candidate below the median of the others",
            "",
            "  ./dino4j sweep --config sweep.yaml --out runs/sweep",
            "  ./dino4j pretrain --config runs/sweep/best.yaml --images photos/train --val photos/val --out runs/best",
            "",
            "All keys are in docs/sweep.md."
        })
final class SweepCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;
    private static final int NOTHING_FOUND = 1;

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "YAML file.")
    private Path file;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder of the results; default runs/<name of the file>. A sweep in it is gone on with.")
    private Path out;

    @Option(names = "--force", description = "Start anew where --out holds a sweep with other settings.")
    private boolean force;

    @Option(names = "--json", description = "Print JSON, as results.json holds it.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        SweepConfig config = SweepConfig.read(file);
        int processors = Runtime.getRuntime().availableProcessors();
        if (config.parallel() > processors) {
            throw new ConfigException("%s: parallel is %d; allowed: 1 to the %d processors"
                    .formatted(file, config.parallel(), processors));
        }
        TrainingImages set = TrainingImages.of(config.images());
        requireClasses(config, set);
        Path folder = out == null ? usualFolder() : out;
        Sweep.Request request = new Sweep.Request(
                config,
                set.source().size(),
                folder,
                force,
                "dino4j sweep --config %s --out %s".formatted(file, folder),
                Versions.of(new KernelsOption().list()));
        Sweep.Outcome outcome;
        try (ConsoleProgress progress = new ConsoleProgress(System.err)) {
            int threads = processors / config.parallel();
            Sweep sweep = new Sweep(request, new CandidateProcesses(config, threads), progress);
            progress.say("%d candidates, %d at a time with %d threads each, to %s"
                    .formatted(config.candidates(), config.parallel(), threads, folder));
            outcome = run(sweep);
        }
        print(config, outcome, folder);
        return !outcome.finished() ? INTERRUPTED : outcome.board().best().isPresent() ? 0 : NOTHING_FOUND;
    }

    private void requireClasses(SweepConfig config, TrainingImages set) throws IOException {
        boolean measured =
                set.probe(config.config(List.of()), config.val().map(Path::of)).isPresent();
        if (!measured) {
            throw new ConfigException(
                    "%s: images: %s has no classes; allowed: a folder for each class, or labels: the score is k-NN accuracy"
                            .formatted(file, config.images()));
        }
    }

    private Path usualFolder() {
        return Path.of("runs", file.getFileName().toString().replaceFirst("[.][^.]*$", ""));
    }

    /** On Ctrl-C: lets the candidates save what they have. */
    private static Sweep.Outcome run(Sweep sweep) throws IOException {
        CountDownLatch over = new CountDownLatch(1);
        Thread hook = new Thread(() -> TrainingCommand.await(sweep::stop, over), "dino4j-interrupt");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return sweep.run();
        } finally {
            over.countDown();
            TrainingCommand.removeHook(hook);
        }
    }

    private void print(SweepConfig config, Sweep.Outcome outcome, Path folder) throws IOException {
        PrintWriter to = spec.commandLine().getOut();
        if (json) {
            to.print(Files.readString(folder.resolve("results.json")));
        } else {
            Leaderboard board = outcome.board();
            to.print(board.text(config.space()));
            if (outcome.skipped() > 0) {
                to.printf("%d combinations left out: the rules of the configuration forbid them%n", outcome.skipped());
            }
            if (board.candidates().size() < config.candidates() && outcome.finished()) {
                to.printf(
                        "there are no more than %d candidates%n",
                        board.candidates().size());
            }
            board.best().ifPresent(b -> to.println("best: " + folder.resolve("best.yaml")));
            to.println("report: " + folder.resolve("report.html"));
        }
        to.flush();
    }
}
