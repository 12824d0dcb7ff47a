package io.dino4j.examples.cli;

import io.dino4j.data.file.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes {@code docs/cli.md}; for those who change commands. */
@Command(
        name = "reference",
        hidden = true,
        description = "Write the page about all commands.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  " + CommandReference.COMMAND})
final class ReferenceCommand implements Callable<Integer> {
    @Option(names = "--out", paramLabel = "FILE", description = "Where to write it, instead of printing it.")
    private Path out;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        String page = new CommandReference(spec.root()).markdown();
        if (out == null) {
            spec.commandLine().getOut().print(page);
            spec.commandLine().getOut().flush();
        } else {
            Durable.write(out.toAbsolutePath(), draft -> Files.writeString(draft, page));
        }
        return 0;
    }
}
