package io.dino4j.data.crop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import io.dino4j.data.Seed;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.RenderedShapes;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.datavec.api.records.Record;
import org.datavec.api.records.metadata.RecordMetaData;
import org.datavec.api.records.metadata.RecordMetaDataIndex;
import org.datavec.api.records.reader.RecordReader;
import org.datavec.api.writable.IntWritable;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Writable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

final class MultiCropRecordReaderTest {
    private static final MultiCropConfig CONFIG =
            MultiCropConfig.dinov2(14).withSizes(16, 8, 4).withLocalCrops(3);

    private final RenderedShapes shapes = RenderedShapes.draw("train", 12, 24, 1);

    private RecordReader reader(long seed) {
        return new MultiCropRecordReader(shapes, CONFIG, seed, warning -> {
            throw new AssertionError(warning);
        });
    }

    /** The views of an image as images, normalised to floats: what the record of an epoch has to hold. */
    private List<float[]> views(int index, int epoch, long seed) {
        var rng = new Seed(seed).derive("records").at(epoch, index);
        return new MultiCrop(CONFIG)
                .views(shapes.read(index), rng).stream()
                        .map(view -> {
                            float[] values = new float[view.rgb().length];
                            CONFIG.normalization().write(view, values);
                            return values;
                        })
                        .toList();
    }

    @Test
    void aRecordIsTheViewsAndTheClass() throws Exception {
        try (RecordReader reader = reader(1)) {
            reader.initialize(null);
            for (int epoch = 0; epoch < 2; epoch++) {
                for (int i = 0; i < 12; i++) {
                    List<Writable> record = reader.next();
                    assertEquals(6, record.size());
                    List<float[]> expected = views(i, epoch, 1);
                    for (int view = 0; view < 5; view++) {
                        INDArray crop = ((NDArrayWritable) record.get(view)).get();
                        long side = view < 2 ? 16 : 8;
                        assertArrayEquals(new long[] {1, 3, side, side}, crop.shape());
                        assertArrayEquals(expected.get(view), crop.ravel().toFloatVector());
                    }
                    assertEquals(new IntWritable(shapes.label(i)), record.get(5));
                }
                assertFalse(reader.hasNext());
                reader.reset();
            }
            assertEquals(shapes.classes(), reader.getLabels());
        }
    }

    @Test
    void batchesEndWithTheSource() throws Exception {
        try (RecordReader reader = reader(1)) {
            assertTrue(reader.batchesSupported());
            assertEquals(7, reader.next(7).size());
            assertEquals(5, reader.next(100).size(), "what is left");
            assertEquals(0, reader.next(1).size());
            assertThrows(NoSuchElementException.class, reader::next);
        }
    }

    @Test
    void imagesWithoutClassesHaveViewsAlone() throws Exception {
        try (RecordReader reader = new MultiCropRecordReader(
                new SourceOf(1, i -> Pictures.picture(30, 24, i)), CONFIG.withLocalCrops(0), 0, warning -> {})) {
            assertEquals(2, reader.next().size());
            assertEquals(List.of(), reader.getLabels());
        }
    }

    @Test
    void anEpochFollowsFromTheSeedAndIsNotTheNext() throws Exception {
        try (RecordReader a = reader(7);
                RecordReader b = reader(7);
                RecordReader other = reader(8)) {
            List<List<Writable>> first = a.next(12);
            assertEquals(first, b.next(12));
            assertNotEquals(first.get(0), other.next());
            a.reset();
            b.next(3);
            b.reset();
            List<List<Writable>> second = a.next(12);
            assertEquals(second, b.next(12));
            assertNotEquals(first, second);
        }
    }

    @Test
    void aRecordCanBeLoadedAgainByItsPlace() throws Exception {
        try (RecordReader reader = reader(3)) {
            reader.next(4);
            Record fifth = reader.nextRecord();
            reader.next(2);
            assertEquals(
                    fifth.getRecord(),
                    reader.loadFromMetaData(fifth.getMetaData()).getRecord());
        }
    }

    @Test
    void anUnreadableImageIsToldOfAndLeftOut(@TempDir Path dir) throws Exception {
        for (int i = 0; i < 3; i++) {
            Pictures.write(dir.resolve(i + ".jpg"), Pictures.picture(30, 24, i));
        }
        Files.write(dir.resolve("1.jpg"), new byte[0]);
        List<String> warnings = new ArrayList<>();
        try (RecordReader reader = new MultiCropRecordReader(new ImageFolder(dir), CONFIG, 0, warnings::add)) {
            assertEquals(2, reader.next(9).size());
            assertEquals(1, warnings.size());
            assertTrue(warnings.get(0).contains("1.jpg"), warnings.get(0));
        }
    }

    @Test
    void whatCannotBeDoneIsRefused() throws Exception {
        try (RecordReader reader = reader(1)) {
            assertThrows(UnsupportedOperationException.class, () -> reader.record(null, null));
            RecordMetaData beyond = new RecordMetaDataIndex(12, null, MultiCropRecordReader.class);
            var e = assertThrows(IllegalArgumentException.class, () -> reader.loadFromMetaData(beyond));
            assertTrue(e.getMessage().endsWith("not the place of one of 12 images"), e.getMessage());
            var out = new ObjectOutputStream(OutputStream.nullOutputStream());
            assertThrows(NotSerializableException.class, () -> out.writeObject(reader));
        }
    }
}
