package io.dino4j.benchmarks;

import io.dino4j.graph.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Where and how everything is measured.
 *
 * @param root the folder of the project, which holds {@code ./dino4j}
 * @param models the folder of the network files
 * @param work a folder for logs and results of subjects
 * @param threads of the kernels of every subject
 * @param tell gets a line whenever something begins
 */
record Setting(Path root, Path models, Path work, int threads, Consumer<String> tell) {
    /** Parameters of the network that all subjects share. */
    Path weights() {
        return models.resolve("vits14.safetensors");
    }

    /** The network as a TorchScript that computes in a precision. */
    Path torchScript(Precision precision) {
        return models.resolve("vits14-%s.pt".formatted(name(precision)));
    }

    /** What people call a precision, and files are called by. */
    static String name(Precision precision) {
        return precision.name().toLowerCase(Locale.ROOT);
    }

    /** The network for ONNX Runtime. */
    Path onnx() {
        return models.resolve("vits14.onnx");
    }

    /** True if the file is there; a line tells if not. */
    boolean has(Path model) {
        boolean there = Files.isRegularFile(model);
        if (!there) {
            tell.accept("%s is not there, so what needs it is left out; benchmarks/README.md says how to make it"
                    .formatted(model));
        }
        return there;
    }
}
