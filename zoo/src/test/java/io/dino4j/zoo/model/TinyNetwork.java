package io.dino4j.zoo.model;

import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Backbones small enough for tests, with a classifier of three classes. */
final class TinyNetwork {
    static final int SIZE = 12;
    static final int CLASSES = 3;
    static final String BACKBONE = Dinov2ZooModel.BACKBONE;
    static final String CLASSIFIER = Dinov2ZooModel.CLASSIFIER;

    private TinyNetwork() {}

    /** Two blocks of two heads, width 16, patches of 4 pixels. */
    static VitConfig vit(Ffn ffn, int registers) {
        return new VitConfig(SIZE, 4, 16, 2, 2, 2, ffn, registers, 0.5, 0.1, false);
    }

    static BackboneLayer.Builder layer(VitConfig vit) {
        return new BackboneLayer.Builder(vit);
    }

    /** With parameters large enough for features to differ from image to image. */
    static ComputationGraph network(Layer backbone, DataType type, IUpdater updater) {
        ComputationGraph network = new ComputationGraph(configuration(backbone, type, updater));
        network.init();
        spread(network);
        return network;
    }

    static void spread(ComputationGraph network) {
        network.getLayer(BACKBONE).paramTable().forEach((name, p) -> {
            if (!name.endsWith(".b")) { // an adapter begins with zero
                p.addi(noise(name.hashCode(), p.dataType(), p.shape()).muli(0.2));
            }
        });
    }

    private static ComputationGraphConfiguration configuration(Layer backbone, DataType type, IUpdater updater) {
        BackboneLayer inner = backbone instanceof BackboneLayer b ? b : null;
        boolean grid = inner != null && inner.output() == BackboneLayer.Output.PATCHES;
        int width = inner == null ? 16 : inner.dimension();
        Layer top = grid
                ? new CnnLossLayer.Builder(LossFunction.MSE)
                        .activation(Activation.IDENTITY)
                        .build()
                : new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(width)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build();
        return new NeuralNetConfiguration.Builder()
                .seed(7)
                .dataType(type)
                .updater(updater)
                .graphBuilder()
                .addInputs("images")
                .setInputTypes(InputType.convolutional(SIZE, SIZE, 3))
                .addLayer(BACKBONE, backbone, "images")
                .addLayer(CLASSIFIER, top, BACKBONE)
                .setOutputs(CLASSIFIER)
                .build();
    }

    static INDArray images(DataType type, int count, int height, int width) {
        return noise(count * 31L + height, type, count, 3, height, width);
    }

    static INDArray labels(DataType type, int count) {
        INDArray labels = Nd4j.zeros(type, count, CLASSES);
        for (int i = 0; i < count; i++) {
            labels.putScalar(i, i % CLASSES, 1);
        }
        return labels;
    }

    /** Batches in which a class is told by the brightness of one colour. */
    static List<DataSet> batches(DataType type, int batches, int size) {
        List<DataSet> all = new ArrayList<>();
        for (int b = 0; b < batches; b++) {
            INDArray images = noise(100 + b, type, size, 3, SIZE, SIZE);
            for (int i = 0; i < size; i++) {
                images.slice(i).slice(i % CLASSES).addi(1.5);
            }
            all.add(new DataSet(images, labels(type, size)));
        }
        return all;
    }

    static INDArray noise(long seed, DataType type, long... shape) {
        SplittableRandom random = new SplittableRandom(seed);
        INDArray a = Nd4j.create(type, shape);
        for (long i = 0; i < a.length(); i++) {
            a.putScalar(i, 2 * random.nextDouble() - 1);
        }
        return a;
    }
}
