package io.dino4j.zoo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.FeatureExtractor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.parallelism.ParallelInference;
import org.deeplearning4j.parallelism.inference.InferenceMode;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What users of DL4J do with a network of the zoo. */
final class Dl4jTest {
    private static final DataType F = DataType.FLOAT;
    private static final VitConfig VIT = TinyNetwork.vit(Ffn.MLP, 2);
    private static final INDArray IMAGES = TinyNetwork.images(F, 5, TinyNetwork.SIZE, TinyNetwork.SIZE);

    private static ComputationGraph network(Tuning tuning) {
        BackboneLayer layer = TinyNetwork.layer(VIT).tuning(tuning).build();
        boolean frozen = tuning instanceof Tuning.Frozen;
        return TinyNetwork.network(frozen ? new FrozenLayer(layer) : layer, F, new Adam(0.01));
    }

    private static DataSetIterator iterator(int batches) {
        // the last batch is smaller
        List<DataSet> all = TinyNetwork.batches(F, batches, 9);
        DataSet last = all.get(batches - 1);
        all.set(
                batches - 1,
                new DataSet(
                        last.getFeatures().get(interval(4)), last.getLabels().get(interval(4))));
        return new ListDataSetIterator<>(
                all.stream().flatMap(d -> d.asList().stream()).toList(), 9);
    }

    private static INDArrayIndex interval(int to) {
        return NDArrayIndex.interval(0, to);
    }

    private static INDArray backboneParameters(ComputationGraph network) {
        return network.getLayer(TinyNetwork.BACKBONE).params().dup();
    }

    @Test
    void fitAndEvaluateOnAnIterator() {
        for (Tuning tuning : List.of(new Tuning.Full(0.9), new Tuning.LowRank(2, 4), new Tuning.Frozen())) {
            ComputationGraph network = network(tuning);
            INDArray before = backboneParameters(network);
            DataSetIterator data = iterator(4);
            double untrained = network.score(TinyNetwork.batches(F, 1, 9).get(0));
            for (int epoch = 0; epoch < 15; epoch++) {
                network.fit(data);
            }
            Evaluation evaluation = network.evaluate(data);
            assertTrue(evaluation.accuracy() > 0.9, tuning + ": accuracy " + evaluation.accuracy());
            assertTrue(network.score(TinyNetwork.batches(F, 1, 9).get(0)) < untrained / 2, tuning.toString());
            boolean unchanged = before.equals(backboneParameters(network));
            assertEquals(tuning instanceof Tuning.Frozen, unchanged, tuning.toString());
        }
    }

    @Test
    void trainingIsRepeatable() {
        ComputationGraph[] networks = {network(new Tuning.Full(0.8)), network(new Tuning.Full(0.8))};
        for (ComputationGraph n : networks) {
            n.fit(iterator(3));
        }
        assertEquals(networks[0].params(), networks[1].params());
    }

    /** An evaluation in the middle of a step does not disturb it. */
    @Test
    void lookingInBetweenChangesNothing() {
        ComputationGraph plain = network(new Tuning.Full(1));
        ComputationGraph watched = network(new Tuning.Full(1));
        DataSet data = TinyNetwork.batches(F, 1, 6).get(0);
        int[] looks = {0};
        plain.fit(data);
        watched.setListeners(new BaseTrainingListener() {
            @Override
            public void onForwardPass(Model model, Map<String, INDArray> activations) {
                looks[0]++;
                ((ComputationGraph) model)
                        .getLayer(TinyNetwork.BACKBONE)
                        .activate(IMAGES, false, LayerWorkspaceMgr.noWorkspaces());
                ((ComputationGraph) model)
                        .getLayer(TinyNetwork.BACKBONE)
                        .setInput(data.getFeatures(), LayerWorkspaceMgr.noWorkspaces());
            }
        });
        watched.fit(data);
        assertEquals(1, looks[0]);
        assertEquals(plain.params(), watched.params());
    }

    @Test
    void adaptersLeaveTheWeightsAloneAndCanBeMerged() {
        ComputationGraph network = network(new Tuning.LowRank(2, 4));
        INDArray features = features(network);
        assertEquals(features, features(network(new Tuning.Full(1)))); // they begin with nothing
        var before = new HashMap<String, INDArray>();
        network.getLayer(TinyNetwork.BACKBONE).paramTable().forEach((k, p) -> before.put(k, p.dup()));
        network.fit(iterator(4));
        network.getLayer(TinyNetwork.BACKBONE)
                .paramTable()
                .forEach((k, p) ->
                        assertEquals(!k.contains("lora"), before.get(k).equals(p), k));
        assertNotEquals(features, features(network));
        try (FeatureExtractor merged =
                new FeatureExtractor(VIT, Dinov2ZooModel.weights(network), Providers.forThisMachine())) {
            assertTrue(merged.cls(IMAGES).equalsWithEps(features(network), 1e-5));
        }
    }

    private static INDArray features(ComputationGraph network) {
        return network.feedForward(IMAGES, false).get(TinyNetwork.BACKBONE);
    }

    @Test
    void transferLearningPutsAClassifierOnFrozenFeatures() {
        ComputationGraph trained = network(new Tuning.Full(1));
        ComputationGraph network = new TransferLearning.GraphBuilder(trained)
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(0.02))
                        .seed(3)
                        .build())
                .setFeatureExtractor(TinyNetwork.BACKBONE)
                .removeVertexAndConnections(TinyNetwork.CLASSIFIER)
                .addLayer(
                        "two",
                        new OutputLayer.Builder(LossFunction.MCXENT)
                                .nIn(VIT.embedDim())
                                .nOut(2)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        TinyNetwork.BACKBONE)
                .setOutputs("two")
                .build();
        assertEquals(features(trained), features(network)); // the weights came along
        DataSet data = TinyNetwork.batches(F, 1, 12).get(0);
        INDArray labels = Nd4j.zeros(F, 12, 2);
        IntStream.range(0, 12).forEach(i -> labels.putScalar(i, i % 3 == 0 ? 0 : 1, 1));
        DataSet two = new DataSet(data.getFeatures(), labels);
        INDArray before = backboneParameters(network);
        double untrained = network.score(two);
        for (int i = 0; i < 40; i++) {
            network.fit(two);
        }
        assertTrue(network.score(two) < untrained / 2);
        assertEquals(before, backboneParameters(network));
        assertEquals(1, network.output(IMAGES)[0].sum(1).getDouble(0), 1e-5);
    }

    @Test
    void aSavedNetworkIsTheSameAndGoesOnAlike(@TempDir Path folder) throws IOException {
        for (Tuning tuning : List.of(new Tuning.Full(0.9), new Tuning.LowRank(2, 4), new Tuning.Frozen())) {
            ComputationGraph network = network(tuning);
            network.fit(iterator(2));
            Path file = folder.resolve("network.zip");
            ModelSerializer.writeModel(network, file.toFile(), true);
            ComputationGraph restored = ModelSerializer.restoreComputationGraph(file.toFile(), true);
            assertEquals(network.getConfiguration(), restored.getConfiguration());
            assertEquals(network.outputSingle(IMAGES), restored.outputSingle(IMAGES));
            network.fit(iterator(2));
            restored.fit(iterator(2));
            assertEquals(network.params(), restored.params());
        }
    }

    @Test
    void aCopyIsOfItsOwn() {
        ComputationGraph network = network(new Tuning.Full(1));
        ComputationGraph copy = network.clone();
        INDArray before = network.outputSingle(IMAGES);
        assertEquals(before, copy.outputSingle(IMAGES));
        copy.fit(iterator(2));
        assertEquals(before, network.outputSingle(IMAGES));
        assertNotEquals(before, copy.outputSingle(IMAGES));
        network.setParams(copy.params());
        assertEquals(copy.outputSingle(IMAGES), network.outputSingle(IMAGES));
    }

    @Test
    void parallelInferenceGivesTheSame() {
        ComputationGraph network = network(new Tuning.Frozen());
        ParallelInference parallel = new ParallelInference.Builder(network)
                .inferenceMode(InferenceMode.BATCHED)
                .batchLimit(8)
                .workers(2)
                .build();
        try {
            List<INDArray> inputs = IntStream.range(0, 24)
                    .mapToObj(i -> TinyNetwork.noise(i, F, 1 + i % 3, 3, TinyNetwork.SIZE, TinyNetwork.SIZE))
                    .toList();
            List<INDArray> outputs =
                    inputs.parallelStream().map(parallel::output).toList();
            for (int i = 0; i < inputs.size(); i++) {
                assertTrue(network.outputSingle(inputs.get(i)).equalsWithEps(outputs.get(i), 1e-5), "input " + i);
            }
        } finally {
            parallel.shutdown();
        }
    }
}
