package io.dino4j.zoo.onnx;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A model that was written.
 *
 * @param file the model
 * @param data the file of its weights, if they are beside it; the two belong together and keep their names
 * @param bytes of both files
 * @param inputs what it takes
 * @param outputs what it gives
 */
public record OnnxModel(Path file, Optional<Path> data, long bytes, List<Port> inputs, List<Port> outputs) {
    /** The operator set of every model. */
    public static final int OPSET = 17;

    /**
     * An input or output.
     *
     * @param name in the graph
     * @param type {@code float32} or {@code uint8}
     * @param shape a number for each fixed dimension, a name for each free one
     * @param description one line
     */
    public record Port(String name, String type, List<String> shape, String description) {}

    /** Where the weights of a model are if they are not in it. */
    public static Path dataFile(Path model) {
        return model.resolveSibling(model.getFileName() + ".data");
    }
}
