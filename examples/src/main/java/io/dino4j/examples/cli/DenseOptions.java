package io.dino4j.examples.cli;

import io.dino4j.train.eval.dense.DenseSettings;
import io.dino4j.train.eval.dense.TruthFolder;
import picocli.CommandLine.Option;

/** How images are seen, and heads trained, that say something of every pixel. */
final class DenseOptions {
    @Option(
            names = "--short-side",
            paramLabel = "PX",
            description =
                    "Short side of images as the network sees them whole, rounded to patches; default their own, at most 518.")
    private Integer shortSide;

    @Option(
            names = "--window",
            paramLabel = "PX",
            defaultValue = "0",
            description = "Side of sliding windows, a multiple of the patch size; default 0, whole images.")
    private int window;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "400",
            description = "Training steps of a head; default ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--lr",
            paramLabel = "X",
            defaultValue = "1e-3",
            description = "Learning rate of a head; default ${DEFAULT-VALUE}.")
    private double rate;

    @Option(
            names = "--dense-seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Fixes which pixels are learnt from; default ${DEFAULT-VALUE}.")
    private long seed;

    DenseSettings settings(TruthFolder train) {
        if (shortSide != null && shortSide < 1 || window < 0 || steps < 1 || !(rate > 0)) {
            throw new IllegalArgumentException(
                    "--short-side, --steps and --lr: expected positive numbers, and --window 0 or more");
        }
        int side = shortSide == null ? DenseSettings.usualShortSide(train) : shortSide;
        return new DenseSettings(side, window, steps, rate, seed);
    }
}
