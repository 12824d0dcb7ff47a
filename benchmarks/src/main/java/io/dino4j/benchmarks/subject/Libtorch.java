package io.dino4j.benchmarks.subject;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The backbone as a TorchScript, run by libtorch through DJL: images to tokens, or to the gradient of every parameter. The module takes
 * and gives f32, whatever it computes in.
 */
final class Libtorch implements Subject {
    private static final String ENGINE = "PyTorch";

    private final Model model;
    private final Block block;
    private final NDManager manager;
    private final ParameterStore store;
    private final NDList images;
    private final NDArray direction;
    private final boolean training;

    Libtorch(Arguments a) {
        training = a.flag("training");
        Path file = Path.of(a.text("module")).toAbsolutePath();
        String name = file.getFileName().toString();
        model = Model.newInstance(name, Device.cpu(), ENGINE);
        try {
            model.load(file.getParent(), name, Map.of("trainParam", Boolean.toString(training)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (MalformedModelException e) {
            throw new IllegalStateException("libtorch cannot load " + file + ": " + e.getMessage(), e);
        }
        block = model.getBlock();
        manager = model.getNDManager();
        store = new ParameterStore(manager, false);
        int batch = a.number("batch");
        int size = a.number("size");
        images = new NDList(manager.create(Noise.images(0, batch, size), new Shape(batch, 3, size, size)));
        direction = training ? direction(batch, a.number("tokens"), a.number("dim")) : null;
    }

    /** The gradient of the loss by the tokens, {@code a_t w_d}: the loss is the sum of its product with the tokens. */
    private NDArray direction(int batch, int tokens, int dim) {
        NDArray weights = manager.create(Noise.lossWeights(batch * tokens), new Shape(batch, tokens, 1));
        return weights.mul(manager.create(Noise.lossDirection(dim), new Shape(1, 1, dim)));
    }

    @Override
    public void run() {
        try (NDManager scope = manager.newSubManager()) {
            if (training) {
                gradients(scope);
            } else {
                forward(scope);
            }
        }
    }

    private NDArray forward(NDManager scope) {
        NDList out = block.forward(store, images, training);
        out.attach(scope);
        return out.singletonOrThrow();
    }

    private void gradients(NDManager scope) {
        try (GradientCollector collector = Engine.getEngine(ENGINE).newGradientCollector()) {
            NDArray product = forward(scope).mul(direction);
            product.attach(scope);
            NDArray loss = product.sum();
            loss.attach(scope);
            collector.backward(loss);
        }
    }

    /** Gradients add up unless they are set to zero; DJL cannot drop them. */
    @Override
    public void between() {
        if (training) {
            for (Pair<String, Parameter> p : block.getParameters()) {
                try (NDArray gradient = p.getValue().getArray().getGradient()) {
                    gradient.muli(0);
                }
            }
        }
    }

    @Override
    public void results(Results to) {
        try (NDManager scope = manager.newSubManager()) {
            if (training) {
                gradients(scope);
                for (Pair<String, Parameter> p : block.getParameters()) {
                    try (NDArray gradient = p.getValue().getArray().getGradient();
                            NDArray f32 = gradient.toType(DataType.FLOAT32, true)) {
                        // DJL calls a parameter after its module, ours are called without it
                        to.put(p.getValue().getName().replaceFirst("^backbone\\.", ""), f32.toFloatArray());
                    }
                }
            } else {
                to.put(Backbone.TOKENS, forward(scope).toFloatArray());
            }
        }
    }

    @Override
    public Map<String, Object> facts() {
        Engine engine = Engine.getEngine(ENGINE);
        return Map.of(
                "version", "libtorch " + engine.getVersion() + " through DJL " + Engine.getDjlVersion(),
                "onednn", engine.hasCapability("MKLDNN"),
                "mkl", engine.hasCapability("MKL"));
    }

    @Override
    public void close() {
        model.close();
    }
}
