package io.dino4j.examples.cli;

import io.dino4j.train.RunDirectory;
import io.dino4j.train.live.LivePage;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows a run in the browser from its files, and changes none of them. */
@Command(
        name = "watch",
        description = "Show a run in the browser, while it goes or after, until Ctrl-C.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Example:",
            "  ./dino4j watch runs/photos",
            "",
            "Pictures of crops and features are only on the page of the run's own process: ./dino4j pretrain --serve."
        })
final class WatchCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RUN", description = "Folder of a run.")
    private Path folder;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "Port of the page, 0 for any free one; default ${DEFAULT-VALUE}.")
    private int port = LivePage.DEFAULT_PORT;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if (!RunDirectory.holdsRun(folder)) {
            throw new IllegalArgumentException(
                    "%s holds no run: expected config.yaml and metrics.jsonl, as ./dino4j pretrain --out writes"
                            .formatted(folder));
        }
        try (LivePage page = LivePage.watch(folder, port)) {
            spec.commandLine().getOut().println("live page: " + page.address() + " (Ctrl-C ends it)");
            new CountDownLatch(1).await(); // until the process is ended
            return 0;
        }
    }
}
