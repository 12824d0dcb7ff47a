package io.dino4j.examples.cli;

import io.dino4j.zoo.FeatureKind.Pooling;
import picocli.CommandLine.Option;

/** {@code --features}: how an image becomes one row of numbers. */
final class PoolingOption {
    @Option(
            names = "--features",
            paramLabel = "KIND",
            defaultValue = "cls",
            description = "Of the last block: cls, mean (of the patch tokens), or cls+mean; default ${DEFAULT-VALUE}.")
    private String features;

    /**
     * The kind that is meant.
     *
     * @throws IllegalArgumentException if there is no such kind
     */
    Pooling pooling() {
        return switch (features) {
            case "cls" -> Pooling.CLS;
            case "mean" -> Pooling.MEAN;
            case "cls+mean" -> Pooling.CLS_MEAN;
            default -> throw new IllegalArgumentException(
                    "--features must be cls, mean or cls+mean, got '%s'".formatted(features));
        };
    }
}
