package io.dino4j.examples.cli;

import picocli.CommandLine.Command;

/** Draws what a backbone makes of images. */
@Command(
        name = "visualize",
        description = "Draw what a backbone makes of images.",
        mixinStandardHelpOptions = true,
        subcommands = {
            VisualizePcaCommand.class,
            VisualizeMatchCommand.class,
            VisualizeAttentionCommand.class,
            VisualizeVideoCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  ./dino4j visualize pca --weights dinov2_vits14_pretrain.pth --images photos/ --out pca.png",
            "  ./dino4j visualize match --weights runs/photos --image a.jpg --with b.jpg --out match.png",
            "  ./dino4j visualize attention --weights runs/photos --image a.jpg --out attention.png",
            "  ./dino4j visualize video --weights runs/photos --frames video/ --out video.png"
        })
final class VisualizeCommand {
    private VisualizeCommand() {}
}
