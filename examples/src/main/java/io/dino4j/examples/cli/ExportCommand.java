package io.dino4j.examples.cli;

import picocli.CommandLine.Command;

/** Turns a backbone into what other programs read. */
@Command(
        name = "export",
        description = "Turn a backbone into a file that other programs read.",
        mixinStandardHelpOptions = true,
        subcommands = ExportOnnxCommand.class,
        footer = {"", "Example:", "  ./dino4j export onnx --weights runs/photos --out model.onnx"})
final class ExportCommand {
    private ExportCommand() {}
}
