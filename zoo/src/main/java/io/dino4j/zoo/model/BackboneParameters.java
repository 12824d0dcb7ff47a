package io.dino4j.zoo.model;

import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.ParameterRules;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The parameters of a {@link BackboneLayer} in DL4J's flat vector: the backbone in official order, then the adapters. DL4J cuts the name
 * of a gradient at its last underscore, so in its tables dashes stand for those of official names: {@code cls-token}.
 */
final class BackboneParameters implements ParamInitializer {
    static final BackboneParameters INSTANCE = new BackboneParameters();

    private BackboneParameters() {}

    /** DL4J's key of a parameter. */
    static String key(String official) {
        return official.replace('_', '-');
    }

    /** The official name of a parameter. */
    static String official(String key) {
        return key.replace('-', '_');
    }

    /** A table of DL4J by official names. */
    static Map<String, INDArray> official(Map<String, INDArray> table) {
        Map<String, INDArray> named = new LinkedHashMap<>();
        table.forEach((key, array) -> named.put(official(key), array));
        return named;
    }

    private static Map<String, INDArray> table(ParameterVector parameters) {
        Map<String, INDArray> table = new LinkedHashMap<>();
        parameters.views("").forEach((name, array) -> table.put(key(name), array));
        return table;
    }

    /** Where each parameter lies, by official name. */
    static ParameterLayout layout(BackboneLayer layer) {
        Map<String, long[]> shapes = new LinkedHashMap<>(layer.vit().parameters());
        layer.adapters().ifPresent(a -> shapes.putAll(LowRankAdapters.shapes(layer.vit(), a)));
        return ParameterLayout.of(shapes);
    }

    private static BackboneLayer backbone(Layer layer) {
        return (BackboneLayer) layer;
    }

    @Override
    public long numParams(NeuralNetConfiguration conf) {
        return numParams(conf.getLayer());
    }

    @Override
    public long numParams(Layer layer) {
        return layout(backbone(layer)).length();
    }

    @Override
    public List<String> paramKeys(Layer layer) {
        return layout(backbone(layer)).names().stream()
                .map(BackboneParameters::key)
                .toList();
    }

    @Override
    public List<String> weightKeys(Layer layer) {
        return paramKeys(layer).stream().filter(n -> isWeightParam(layer, n)).toList();
    }

    @Override
    public List<String> biasKeys(Layer layer) {
        return paramKeys(layer).stream().filter(n -> isBiasParam(layer, n)).toList();
    }

    /** What weight decay applies to: in official training positions and special tokens too. */
    @Override
    public boolean isWeightParam(Layer layer, String key) {
        return !isBiasParam(layer, key);
    }

    @Override
    public boolean isBiasParam(Layer layer, String key) {
        return !ParameterRules.isDecayed(official(key));
    }

    @Override
    public Map<String, INDArray> init(NeuralNetConfiguration conf, INDArray vector, boolean initialize) {
        BackboneLayer layer = backbone(conf.getLayer());
        ParameterVector parameters = ParameterVector.over(layout(layer), vector);
        if (initialize) {
            Initialization.fill(parameters, layer.vit().layerScale(), conf.getSeed());
            layer.adapters().ifPresent(a -> LowRankAdapters.fill(parameters, conf.getSeed()));
        }
        parameters.layout().names().forEach(name -> conf.addVariable(key(name)));
        return table(parameters);
    }

    @Override
    public Map<String, INDArray> getGradientsFromFlattened(NeuralNetConfiguration conf, INDArray vector) {
        return table(ParameterVector.over(layout(backbone(conf.getLayer())), vector));
    }
}
