package io.dino4j.data.crop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.RenderedShapes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.datavec.api.records.Record;
import org.datavec.api.records.reader.RecordReader;
import org.datavec.api.writable.IntWritable;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Writable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MultiCropRecordReaderTest {
    private static final MultiCropConfig CONFIG =
            MultiCropConfig.dinov2(14).withSizes(16, 8, 4).withLocalCrops(3);

    private final RenderedShapes shapes = RenderedShapes.draw("train", 12, 24, 1);

    private RecordReader reader(long seed) {
        return new MultiCropRecordReader(shapes, CONFIG, seed, warning -> {
            throw new AssertionError(warning);
        });
    }

    @Test
    void aRecordIsTheViewsAndTheClass() throws Exception {
        try (RecordReader reader = reader(1)) {
            List<Writable> record = reader.next();
            assertEquals(6, record.size());
            for (int view = 0; view < 5; view++) {
                long side = view < 2 ? 16 : 8;
                assertArrayEquals(
                        new long[] {1, 3, side, side},
                        ((NDArrayWritable) record.get(view)).get().shape());
            }
            assertEquals(new IntWritable(0), record.get(5));
            assertEquals(shapes.classes(), reader.getLabels());
            assertEquals(5, reader.next(5).size());
            assertEquals(6, reader.next(100).size(), "what is left");
            assertFalse(reader.hasNext());
            assertThrows(NoSuchElementException.class, reader::next);
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
}
