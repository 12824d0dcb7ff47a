package io.dino4j.data.crop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.data.source.RenderedShapes;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

@Timeout(120)
final class MultiCropIteratorTest {
    private static final MultiCropConfig CONFIG =
            MultiCropConfig.dinov2(14).withSizes(16, 8, 4).withLocalCrops(3);
    private static final int BATCH = 4;

    private final RenderedShapes shapes = RenderedShapes.draw("train", 12, 24, 1);

    private BatchLoader open(MultiCropConfig config, long step) {
        return BatchLoader.open(shapes, config, BATCH, 5, step, 2, 1, warning -> {
            throw new AssertionError(warning);
        });
    }

    private MultiCropIterator iterator() {
        return new MultiCropIterator(step -> open(CONFIG, step), 3);
    }

    private static List<INDArray> globals(MultiCropIterator iterator) {
        List<INDArray> globals = new ArrayList<>();
        iterator.forEachRemaining(data -> globals.add(data.getFeatures(0)));
        return globals;
    }

    @Test
    void featuresAreTheBatchesAndOutliveThem() {
        try (MultiCropIterator iterator = iterator();
                BatchLoader loader = open(CONFIG, 0)) {
            List<MultiDataSet> all = new ArrayList<>();
            iterator.forEachRemaining(all::add);
            assertEquals(3, all.size());
            for (MultiDataSet data : all) {
                try (Batch batch = loader.next()) {
                    assertEquals(5, data.numFeatureArrays());
                    assertEquals(0, data.numLabelsArrays());
                    assertEquals(batch.globals(), data.getFeatures(0));
                    assertEquals(batch.locals(), data.getFeatures(1));
                    assertEquals(batch.masks(), data.getFeatures(2));
                    assertEquals(batch.maskIndices(), data.getFeatures(3));
                    assertEquals(batch.maskWeights(), data.getFeatures(4));
                    assertArrayEquals(
                            new long[] {2 * BATCH, 3, 16, 16},
                            data.getFeatures(0).shape());
                }
            }
            assertThrows(NoSuchElementException.class, iterator::next);
        }
    }

    @Test
    void resetGoesOnWithNewCrops() {
        try (MultiCropIterator whole = iterator();
                MultiCropIterator broken = iterator()) {
            List<INDArray> first = globals(whole);
            whole.reset();
            List<INDArray> second = globals(whole);
            assertNotEquals(first, second);
            broken.next();
            broken.reset(); // in the middle: the rest of the first iteration is passed by
            assertEquals(second, globals(broken));
        }
    }

    @Test
    void withoutLocalCropsThereAreFourFeatures() {
        try (MultiCropIterator iterator = new MultiCropIterator(step -> open(CONFIG.withLocalCrops(0), step), 1)) {
            assertEquals(4, iterator.next().numFeatureArrays());
            assertFalse(iterator.asyncSupported());
            assertThrows(UnsupportedOperationException.class, () -> iterator.next(2));
        }
    }

    @Test
    void whatCannotBeDoneIsRefused() throws Exception {
        assertThrows(IllegalArgumentException.class, () -> new MultiCropIterator(step -> open(CONFIG, step), 0));
        try (MultiCropIterator iterator = iterator()) {
            var out = new ObjectOutputStream(OutputStream.nullOutputStream());
            assertThrows(NotSerializableException.class, () -> out.writeObject(iterator));
        }
    }

    @Test
    void aPreProcessorSeesEveryBatch() {
        try (MultiCropIterator iterator = iterator()) {
            iterator.setPreProcessor(data -> data.getFeatures(0).assign(9));
            assertEquals(9, iterator.next().getFeatures(0).meanNumber().doubleValue());
        }
    }
}
