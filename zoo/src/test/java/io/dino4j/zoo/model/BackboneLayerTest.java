package io.dino4j.zoo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.ParameterRules;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.FeatureExtractor;
import io.dino4j.zoo.model.BackboneLayer.Output;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.OutputLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/** The backbone as a layer of DL4J: features, gradients, and what of it is trained how fast. */
final class BackboneLayerTest {
    private static final VitConfig VIT = TinyNetwork.vit(Ffn.MLP, 2);

    private static List<Arguments> gradients() {
        List<Arguments> all = new ArrayList<>();
        for (Output output : Output.values()) {
            all.add(Arguments.of(TinyNetwork.vit(Ffn.MLP, 2), output, new Tuning.Full(1)));
        }
        all.add(Arguments.of(TinyNetwork.vit(Ffn.SWIGLU, 0), Output.CLS, new Tuning.Full(0.5)));
        all.add(Arguments.of(TinyNetwork.vit(Ffn.MLP, 0), Output.CLS_MEAN, new Tuning.LowRank(2, 3)));
        return all;
    }

    @ParameterizedTest
    @MethodSource("gradients")
    @Tag("gradcheck")
    void gradientsMatchFiniteDifferences(VitConfig vit, Output output, Tuning tuning) {
        ComputationGraph network = TinyNetwork.network(
                TinyNetwork.layer(vit).output(output).tuning(tuning).build(), DataType.DOUBLE, new NoOp());
        BackboneLayer layer =
                (BackboneLayer) network.getLayer(TinyNetwork.BACKBONE).conf().getLayer();
        Map<String, INDArray> parameters =
                network.getLayer(TinyNetwork.BACKBONE).paramTable();
        parameters.forEach((key, p) ->
                p.addi(TinyNetwork.noise(1, DataType.DOUBLE, p.shape()).muli(key.endsWith(".b") ? 0.3 : 0)));
        DataSet data = new DataSet(
                TinyNetwork.images(DataType.DOUBLE, 2, TinyNetwork.SIZE, TinyNetwork.SIZE),
                output == Output.PATCHES
                        ? TinyNetwork.noise(3, DataType.DOUBLE, 2, 16, 3, 3)
                        : TinyNetwork.labels(DataType.DOUBLE, 2));
        network.setInputs(data.getFeatures());
        network.setLabels(data.getLabels());
        network.computeGradientAndScore();
        Map<String, INDArray> gradients = new HashMap<>();
        network.gradient().gradientForVariable().forEach((key, g) -> gradients.put(key, g.dup('c')));
        long checked = 0;
        for (Map.Entry<String, INDArray> e : parameters.entrySet()) {
            if (layer.isTrained(e.getKey())) {
                INDArray gradient = gradients.get(TinyNetwork.BACKBONE + "_" + e.getKey());
                for (long i : new long[] {0, e.getValue().length() * 2 / 3}) {
                    double found = gradient.getDouble(i) / data.numExamples();
                    double expected = difference(network, data, e.getValue(), i);
                    assertEquals(expected, found, 1e-5 * Math.abs(expected) + 1e-9, e.getKey() + " " + i);
                    checked++;
                }
            }
        }
        assertTrue(checked >= 16, "two of each of at least eight adapters");
    }

    private static double difference(ComputationGraph network, DataSet data, INDArray parameter, long i) {
        double step = 1e-5;
        double before = parameter.getDouble(i);
        parameter.putScalar(i, before + step);
        double above = network.score(data, true);
        parameter.putScalar(i, before - step);
        double below = network.score(data, true);
        parameter.putScalar(i, before);
        return (above - below) / (2 * step);
    }

    /** The gradient of images, which a layer in front of the backbone would be trained with. */
    @Test
    @Tag("gradcheck")
    void theGradientOfImagesMatchesFiniteDifferences() {
        ComputationGraph network = TinyNetwork.network(
                TinyNetwork.layer(VIT).output(Output.CLS_MEAN).build(), DataType.DOUBLE, new NoOp());
        INDArray images = TinyNetwork.images(DataType.DOUBLE, 1, TinyNetwork.SIZE, TinyNetwork.SIZE);
        DataSet data = new DataSet(images, TinyNetwork.labels(DataType.DOUBLE, 1));
        network.setInputs(images);
        network.setLabels(data.getLabels());
        network.computeGradientAndScore();
        INDArray epsilon = imageGradient(network, images, data.getLabels());
        for (long i : new long[] {0, 77, 200, 431}) {
            double[] score = new double[2];
            for (int side = 0; side < 2; side++) {
                INDArray moved = images.dup('c');
                moved.putScalar(i, moved.getDouble(i) + (side == 0 ? -1e-5 : 1e-5));
                score[side] = network.score(new DataSet(moved, data.getLabels()), true);
            }
            assertEquals((score[1] - score[0]) / 2e-5, epsilon.getDouble(i), 1e-7);
        }
    }

    private static INDArray imageGradient(ComputationGraph network, INDArray images, INDArray labels) {
        var workspaces = LayerWorkspaceMgr.noWorkspaces();
        var backbone = network.getLayer(TinyNetwork.BACKBONE);
        var output = (OutputLayer) network.getLayer(TinyNetwork.CLASSIFIER);
        backbone.setInput(images, workspaces);
        INDArray features = backbone.activate(true, workspaces);
        output.setInput(features, workspaces);
        output.setLabels(labels);
        INDArray epsilon = output.backpropGradient(null, workspaces).getSecond();
        return backbone.backpropGradient(epsilon, workspaces).getSecond();
    }

    /** In batches of other sizes than the configured one too. */
    @ParameterizedTest
    @EnumSource(Output.class)
    void featuresAreThoseOfTheExtractor(Output output) {
        ComputationGraph network =
                TinyNetwork.network(TinyNetwork.layer(VIT).output(output).build(), DataType.FLOAT, new Sgd(0.1));
        int[][] sizes = {{3, 12, 12}, {1, 12, 12}, {2, 16, 8}};
        try (FeatureExtractor extractor =
                new FeatureExtractor(VIT, Dinov2ZooModel.weights(network), Providers.forThisMachine())) {
            for (int[] s : sizes) {
                INDArray images = TinyNetwork.images(DataType.FLOAT, s[0], s[1], s[2]);
                INDArray cls = extractor.cls(images);
                INDArray patches = extractor.patches(images);
                INDArray expected =
                        switch (output) {
                            case CLS -> cls;
                            case CLS_MEAN -> Nd4j.concat(1, cls, patches.mean(1));
                            case PATCHES -> patches.permute(0, 2, 1)
                                    .reshape('c', s[0], VIT.embedDim(), s[1] / 4, s[2] / 4);
                        };
                INDArray found = network.feedForward(images, false).get(TinyNetwork.BACKBONE);
                assertTrue(expected.equalsWithEps(found, 1e-5), () -> expected + " but found " + found);
            }
        }
    }

    @Test
    void bf16IsNear() {
        INDArray images = TinyNetwork.images(DataType.FLOAT, 4, 12, 12);
        INDArray full = features(TinyNetwork.layer(VIT).build(), images);
        INDArray half = features(TinyNetwork.layer(VIT).bf16(true).build(), images);
        double distance =
                full.sub(half).norm2Number().doubleValue() / full.norm2Number().doubleValue();
        assertTrue(distance > 0 && distance < 0.03, "relative distance " + distance);
    }

    private static INDArray features(BackboneLayer layer, INDArray images) {
        return TinyNetwork.network(layer, DataType.FLOAT, new Sgd(0.1))
                .feedForward(images, false)
                .get(TinyNetwork.BACKBONE);
    }

    @Test
    void layersNearTheImagesAreTrainedMoreGently() {
        BackboneLayer layer = configured(new Tuning.Full(0.5), new Adam(0.1));
        assertEquals(0.1 / 8, rate(layer, "cls-token", 0));
        assertEquals(0.1 / 4, rate(layer, "blocks.0.attn.qkv.weight", 0));
        assertEquals(0.1 / 2, rate(layer, "blocks.1.norm1.bias", 0));
        assertEquals(0.1, rate(layer, "norm.weight", 0));
        assertEquals(
                layer.getUpdaterByParam("blocks.0.attn.qkv.weight"), layer.getUpdaterByParam("blocks.0.mlp.fc1.bias"));
        assertNotEquals(
                layer.getUpdaterByParam("blocks.0.attn.qkv.weight"),
                layer.getUpdaterByParam("blocks.1.attn.qkv.weight"));
    }

    @Test
    void theDecayFollowsASchedule() {
        Adam scheduled = new Adam(new StepSchedule(ScheduleType.ITERATION, 0.8, 0.1, 10));
        BackboneLayer layer = configured(new Tuning.Full(0.5), scheduled);
        assertEquals(0.1, rate(layer, "pos-embed", 0), 1e-12);
        assertEquals(0.01, rate(layer, "pos-embed", 10), 1e-12);
    }

    @Test
    void anUpdaterWithoutARateIsLeftAlone() {
        BackboneLayer layer = configured(new Tuning.Full(0.5), new AdaDelta());
        assertEquals(new AdaDelta(), layer.getUpdaterByParam("pos-embed"));
    }

    private static BackboneLayer configured(Tuning tuning, IUpdater updater) {
        ComputationGraph network =
                TinyNetwork.network(TinyNetwork.layer(VIT).tuning(tuning).build(), DataType.FLOAT, updater);
        return (BackboneLayer) network.getLayer(TinyNetwork.BACKBONE).conf().getLayer();
    }

    private static double rate(BackboneLayer layer, String name, int iteration) {
        return layer.getUpdaterByParam(name).getLearningRate(iteration, 0);
    }

    /** One step of plain gradient descent: each parameter moves by its own rate times the same gradient. */
    @Test
    void stepsShrinkByTheDecay() {
        DataSet data = TinyNetwork.batches(DataType.DOUBLE, 1, 4).get(0);
        Map<String, INDArray> even = step(new Tuning.Full(1), data);
        Map<String, INDArray> decayed = step(new Tuning.Full(0.5), data);
        for (String name : List.of("pos-embed", "blocks.0.mlp.fc1.weight", "blocks.1.mlp.fc1.weight", "norm.bias")) {
            double scale = Math.pow(0.5, 3 - ParameterRules.layer(BackboneParameters.official(name), 2));
            INDArray expected = even.get(name).mul(scale);
            assertTrue(expected.norm2Number().doubleValue() > 1e-6, name);
            assertTrue(expected.equalsWithEps(decayed.get(name), 1e-9), name);
        }
    }

    private static Map<String, INDArray> step(Tuning tuning, DataSet data) {
        ComputationGraph network =
                TinyNetwork.network(TinyNetwork.layer(VIT).tuning(tuning).build(), DataType.DOUBLE, new Sgd(0.1));
        Map<String, INDArray> moved = new HashMap<>();
        var parameters = network.getLayer(TinyNetwork.BACKBONE).paramTable();
        parameters.forEach((n, p) -> moved.put(n, p.dup().negi()));
        network.fit(data);
        parameters.forEach((n, p) -> moved.get(n).addi(p));
        return moved;
    }

    @Test
    void decayLeavesOutBiasesNormsAndLayerScale() {
        BackboneLayer.Builder builder = new BackboneLayer.Builder(VIT);
        builder.weightDecay(0.1);
        BackboneLayer layer = builder.build();
        for (String name : List.of("pos-embed", "cls-token", "register-tokens", "blocks.0.attn.qkv.weight")) {
            assertEquals(1, layer.getRegularizationByParam(name).size(), name);
        }
        for (String name :
                List.of("norm.weight", "blocks.0.ls1.gamma", "blocks.1.norm2.weight", "patch-embed.proj.bias")) {
            assertEquals(0, layer.getRegularizationByParam(name).size(), name);
        }
    }

    @Test
    void theConfigurationSurvivesJson() {
        for (Tuning tuning : List.of(new Tuning.Full(0.7), new Tuning.LowRank(4, 8))) {
            BackboneLayer layer = TinyNetwork.layer(VIT)
                    .output(Output.CLS_MEAN)
                    .tuning(tuning)
                    .build();
            ComputationGraphConfiguration before =
                    TinyNetwork.network(layer, DataType.FLOAT, new Adam(0.1)).getConfiguration();
            ComputationGraphConfiguration after = ComputationGraphConfiguration.fromJson(before.toJson());
            assertEquals(before, after);
            assertEquals(before.toJson(), after.toJson());
        }
    }

    @Test
    void imagesThatDoNotSplitIntoPatchesAreRefused() {
        ComputationGraph network = TinyNetwork.network(TinyNetwork.layer(VIT).build(), DataType.FLOAT, new Sgd(0.1));
        for (long[] shape : new long[][] {{1, 3, 14, 12}, {1, 1, 12, 12}}) {
            Exception e = assertThrows(
                    IllegalArgumentException.class, () -> network.output(Nd4j.zeros(DataType.FLOAT, shape)));
            assertTrue(e.getMessage().contains("layer 'backbone' needs images"), e.getMessage());
        }
    }
}
