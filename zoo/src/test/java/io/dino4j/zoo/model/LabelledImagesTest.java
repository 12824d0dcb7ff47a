package io.dino4j.zoo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.source.ImageFolder;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** Labelled folders as DL4J reads data. */
final class LabelledImagesTest {
    @TempDir
    private Path folder;

    private ImageFolder images;

    @BeforeEach
    void writeImages() throws IOException {
        for (String name : List.of("cat", "dog", "fox")) {
            Path of = Files.createDirectories(folder.resolve(name));
            for (int i = 0; i < 5; i++) {
                TinyModel.write(of.resolve(i + ".png"), 20, 16, name.hashCode() + i);
            }
        }
        Files.write(folder.resolve("dog/2.png"), new byte[40]);
        images = new ImageFolder(folder);
    }

    private static List<DataSet> all(LabelledImages data) {
        List<DataSet> all = new ArrayList<>();
        data.forEachRemaining(all::add);
        return all;
    }

    @Test
    void evaluationTakesEachReadableImageOnceInOrder() throws IOException {
        LabelledImages data = LabelledImages.evaluation(images, 12, 4);
        List<DataSet> batches = all(data);
        assertEquals(14, batches.stream().mapToInt(DataSet::numExamples).sum());
        assertEquals(List.of("cat", "dog", "fox"), data.getLabels());
        assertEquals(3, data.totalOutcomes());
        assertArrayEquals(
                new float[] {1, 0, 0}, batches.get(0).getLabels().getRow(0).toFloatVector());
        assertArrayEquals(
                new float[] {0, 1, 0}, batches.get(1).getLabels().getRow(1).toFloatVector());
        assertThrows(NoSuchElementException.class, data::next);
        try (Dinov2 model = TinyModel.create()) {
            INDArray first = model.input(TinyModel.picture(20, 16, "cat".hashCode()));
            assertEquals(first.reshape(3, 12, 12), batches.get(0).getFeatures().slice(0));
        }
        data.reset();
        assertEquals(batches.get(2).getFeatures(), all(data).get(2).getFeatures());
    }

    @Test
    void trainingIsShuffledAnewAndRepeatable() {
        LabelledImages a = LabelledImages.training(images, 12, 4, 7);
        LabelledImages b = LabelledImages.training(images, 12, 4, 7);
        List<DataSet> first = all(a);
        List<DataSet> same = all(b);
        for (int i = 0; i < first.size(); i++) {
            assertEquals(first.get(i).getFeatures(), same.get(i).getFeatures());
            assertEquals(first.get(i).getLabels(), same.get(i).getLabels());
        }
        a.reset();
        assertNotEquals(first.get(0).getFeatures(), all(a).get(0).getFeatures());
        assertFalse(a.hasNext());
    }

    @Test
    void aNetworkLearnsFromThem() {
        ComputationGraph network =
                TinyNetwork.network(TinyNetwork.layer(TinyModel.VIT).build(), DataType.FLOAT, new Adam(0.005));
        LabelledImages data = LabelledImages.evaluation(images, 12, 5);
        network.fit(data, 25);
        double accuracy = network.evaluate(data).accuracy();
        assertTrue(accuracy > 0.9, "accuracy " + accuracy);
    }

    @Test
    void foldersWithoutClassesAreRefused() {
        ImageFolder one = new ImageFolder(folder.resolve("cat"));
        Exception e = assertThrows(IllegalArgumentException.class, () -> LabelledImages.evaluation(one, 12, 4));
        assertTrue(e.getMessage().contains("no classes"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> LabelledImages.evaluation(images, 12, 0));
    }
}
