package io.dino4j.zoo.model;

import io.dino4j.graph.exec.PlanOptions;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.exec.WorkingMemory;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.zoo.model.BackbonePass.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A {@link BackboneLayer} at work. It reads DL4J's parameters and writes DL4J's gradients where they are. The forward pass of training is
 * the first half of a plan whose second half {@link #backpropGradient} runs; nothing is worked out twice. Like every layer of DL4J it serves
 * one thread at a time.
 */
final class BackboneNetwork extends BaseLayer<BackboneLayer> {
    private static final long serialVersionUID = 1L;
    private static final int MOST_PASSES = 4;

    private record Key(Shape shape, boolean training) {}

    private final transient Map<Key, BackbonePass> passes = new LinkedHashMap<>(MOST_PASSES, 0.75f, true);
    private final transient WorkingMemory memory = new WorkingMemory();
    private transient Optional<LowRankAdapters> adapters = Optional.empty();
    private transient BackbonePass halfDone; // the pass whose backward half may follow

    BackboneNetwork(NeuralNetConfiguration conf, DataType type) {
        super(conf, type);
    }

    @Override
    public boolean isPretrainLayer() {
        return false;
    }

    @Override
    @SuppressWarnings("try") // the scope is used by being open
    public void setParamTable(Map<String, INDArray> table) {
        super.setParamTable(table);
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            adapters = layerConf()
                    .adapters()
                    .map(a -> new LowRankAdapters(layerConf().vit(), a, BackboneParameters.official(table)));
        }
        forget();
    }

    @Override
    public void setParams(INDArray values) {
        if (values != paramsFlattened) {
            setParams(values, 'c'); // the superclass expects the order of dense layers
        }
    }

    @Override
    public void setBackpropGradientsViewArray(INDArray gradients) {
        super.setBackpropGradientsViewArray(gradients);
        forget();
    }

    private void forget() {
        passes.values().forEach(BackbonePass::close);
        passes.clear();
        halfDone = null;
    }

    /** The parameters of the backbone by official name, adapters merged; arrays of this network, valid until it is trained on. */
    Map<String, INDArray> weights() {
        adapters.ifPresent(LowRankAdapters::refresh);
        return adapters.map(LowRankAdapters::effective).orElseGet(() -> BackboneParameters.official(params));
    }

    @Override
    public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
        assertInputSet(false);
        Shape shape = shape();
        boolean withGradient = training && gradientViews != null;
        BackbonePass pass = pass(new Key(shape, withGradient));
        adapters.ifPresent(LowRankAdapters::refresh);
        INDArray tokens = pass.forward(input);
        halfDone = withGradient ? pass : null;
        return features(shape).give(tokens, workspaces);
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        assertInputSet(true);
        Shape shape = shape();
        BackbonePass pass = halfDone;
        if (pass == null) { // somebody else went forward in between
            pass = pass(new Key(shape, true));
            adapters.ifPresent(LowRankAdapters::refresh);
            pass.forward(input);
        }
        halfDone = null;
        features(shape).takeBack(epsilon, pass.upstream());
        pass.backward();
        Gradient gradient = new DefaultGradient();
        if (adapters.isPresent()) {
            Map<String, INDArray> ofWeights = new HashMap<>();
            for (String name : LowRankAdapters.weights(shape.vit())) {
                ofWeights.put(name, pass.gradient(name));
            }
            adapters.get().backward(ofWeights, BackboneParameters.official(gradientViews));
        }
        gradientViews.forEach((name, view) -> {
            if (layerConf().isTrained(name)) {
                gradient.gradientForVariable().put(name, view);
            }
        });
        return new Pair<>(gradient, workspaces.dup(ArrayType.ACTIVATION_GRAD, pass.imageGradient()));
    }

    private Shape shape() {
        BackboneLayer layer = layerConf();
        int patch = layer.vit().patchSize();
        if (input.rank() != 4 || input.size(1) != 3 || input.size(2) % patch != 0 || input.size(3) % patch != 0) {
            throw new IllegalArgumentException(
                    "layer '%s' needs images [B, 3, H, W] whose sides are multiples of %d, got %s"
                            .formatted(layer.getLayerName(), patch, input.shapeInfoToString()));
        }
        List<Long> images = new ArrayList<>();
        for (long d : input.shape()) {
            images.add(d);
        }
        return new Shape(layer.vit(), layer.precision(dataType), images, layer.output() == BackboneLayer.Output.CLS);
    }

    private FeatureRows features(Shape shape) {
        return new FeatureRows(layerConf().output(), shape);
    }

    @SuppressWarnings("try") // the scope is used by being open
    private BackbonePass pass(Key key) {
        BackbonePass known = passes.get(key);
        if (known != null) {
            return known;
        }
        if (passes.size() >= MOST_PASSES) {
            Iterator<BackbonePass> eldest = passes.values().iterator();
            BackbonePass old = eldest.next();
            eldest.remove();
            old.close();
        }
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            PlanOptions options = new PlanOptions(Providers.forThisMachine(), Collective.ALONE).workingIn(memory);
            Map<String, INDArray> weights =
                    adapters.map(LowRankAdapters::effective).orElseGet(() -> BackboneParameters.official(params));
            BackbonePass made = key.training
                    ? BackbonePass.training(key.shape, weights, trained(key.shape), targets(), options)
                    : BackbonePass.inference(key.shape, weights, options);
            passes.put(key, made);
            return made;
        }
    }

    private List<String> trained(Shape shape) {
        return adapters.isPresent()
                ? LowRankAdapters.weights(shape.vit())
                : List.copyOf(shape.vit().parameters().keySet());
    }

    /** With adapters the gradients of weights are a step on the way, not a result. */
    private Map<String, INDArray> targets() {
        return adapters.isPresent() ? Map.of() : BackboneParameters.official(gradientViews);
    }
}
