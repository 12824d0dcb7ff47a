package io.dino4j.examples.apps;

import io.dino4j.data.source.ImageFolder;
import io.dino4j.zoo.model.BackboneLayer;
import io.dino4j.zoo.model.Dinov2OfFile;
import io.dino4j.zoo.model.LabelledImages;
import java.io.IOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.learning.config.Adam;

/**
 * A classifier of your own classes on a frozen backbone, trained, evaluated and saved with Deeplearning4j. Images lie in one folder for each
 * class, {@code train/cat/1.jpg}.
 *
 * <pre>{@code DINO4J_MAIN=io.dino4j.examples.apps.TransferLearning ./dino4j WEIGHTS TRAIN VAL CLASSIFIER.zip [EPOCHS]}</pre>
 */
public final class TransferLearning {
    private static final int BATCH = 32;
    private static final int SEED = 1;

    private TransferLearning() {}

    /** Trains, evaluates and saves; see the class. */
    public static void main(String[] args) throws IOException {
        if (args.length < 4) {
            System.err.println("expected WEIGHTS TRAIN VAL CLASSIFIER.zip [EPOCHS]");
            System.exit(2);
        }
        int epochs = args.length > 4 ? Integer.parseInt(args[4]) : 5;
        Evaluation result = run(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]), Path.of(args[3]), epochs);
        System.out.println(result.stats());
    }

    /**
     * Trains a classifier.
     *
     * @param weights anything that {@code Dinov2.load} reads
     * @param train one folder of images for each class
     * @param val the same classes, other images
     * @param classifier the network is saved here, to be loaded with {@code ComputationGraph.load}
     * @param epochs passes over the training images
     * @return how it does on the other images
     * @throws IllegalArgumentException if the two folders have other classes
     * @throws IOException if something cannot be read or written
     */
    public static Evaluation run(Path weights, Path train, Path val, Path classifier, int epochs) throws IOException {
        ImageFolder learnt = new ImageFolder(train);
        ImageFolder held = new ImageFolder(val);
        if (!learnt.classes().equals(held.classes())) {
            throw new IllegalArgumentException(
                    "%s has the classes %s, %s has %s".formatted(train, learnt.classes(), val, held.classes()));
        }
        Dinov2OfFile model = Dinov2OfFile.builder(weights)
                .numClasses(learnt.classes().size())
                .output(
                        BackboneLayer.Output
                                .CLS_MEAN) // cls token and mean patch token, as the official linear classifiers
                .updater(new Adam(1e-3))
                .build();
        int size = model.metaData().getInputShape()[0][1];
        ComputationGraph network = model.initPretrained();
        network.fit(LabelledImages.training(learnt, size, BATCH, SEED), epochs); // the backbone stays as it is
        network.save(classifier.toFile());
        return network.evaluate(LabelledImages.evaluation(held, size, BATCH));
    }
}
