package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.StageSummary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** What the commands of all stages of curation take: where to, whether to replace, how to tell. */
final class StageOptions {
    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder to make; --images of every command takes it.")
    private Path out;

    @Option(names = "--force", description = "Replace what was made with other settings.")
    private boolean force;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec(Target.MIXEE)
    private CommandSpec spec;

    /** A stage at work. */
    @FunctionalInterface
    interface Stage {
        void run(Progress progress) throws IOException;
    }

    Path out() {
        return out;
    }

    boolean force() {
        return force;
    }

    /**
     * Runs a stage and tells what it has come to: its summary as JSON, or a line.
     *
     * @return exit code
     */
    int run(Stage stage, Function<StageSummary, String> line) throws IOException {
        try (ConsoleProgress progress = new ConsoleProgress(System.err)) {
            stage.run(progress);
        }
        StageSummary done = StageSummary.of(out);
        PrintWriter to = spec.commandLine().getOut();
        to.println(json ? done.json() : line.apply(done));
        to.flush();
        return 0;
    }
}
