package io.dino4j.data.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class VectorFileTest {
    @TempDir
    Path folder;

    private Path write(float[] rows, int d, VectorType type) throws IOException {
        Path file = folder.resolve("a b ü." + type);
        try (VectorFileWriter writer = VectorFileWriter.open(file, type, d)) {
            writer.append(rows, rows.length / d);
            writer.finish();
        }
        return file;
    }

    @ParameterizedTest
    @EnumSource(VectorType.class)
    void whatWasWrittenIsRead(VectorType type) throws IOException {
        int d = 37;
        float[] rows = Rows.random(5000, d, 1);
        VectorFile file = VectorFile.open(write(rows, d, type));
        assertEquals(5000, file.size());
        assertEquals(d, file.dimension());
        assertEquals(type, file.type());
        float[] read = new float[3 * d];
        file.read(4321, 3, read);
        double tolerance =
                switch (type) {
                    case FLOAT32 -> 0;
                    case FLOAT16 -> 0x1p-11;
                    case INT8 -> 0.5 / 127;
                };
        for (int i = 0; i < read.length; i++) {
            float want = rows[4321 * d + i];
            assertEquals(want, read[i], tolerance * (type == VectorType.INT8 ? 1 : Math.abs(want)));
        }
    }

    @Test
    void rowsOfFloat32AreUsedInPlace() throws IOException {
        int d = 5;
        float[] rows = Rows.random(9000, d, 2);
        VectorFile file = VectorFile.open(write(rows, d, VectorType.FLOAT32));
        float[] read = new float[2 * d];
        try (FloatPointer p = file.inPlace(8190, 2).orElseThrow()) {
            p.get(read);
        }
        assertArrayEquals(Arrays.copyOfRange(rows, 8190 * d, 8192 * d), read);
        assertTrue(
                VectorFile.open(write(rows, d, VectorType.INT8)).inPlace(0, 1).isEmpty());
    }

    @Test
    void everyHalfGoesThereAndBack() {
        for (int h = 0; h < 1 << 16; h++) {
            float value = Half.toFloat((short) h);
            assertEquals(Float.isNaN(value) ? 0x7e00 : h, Half.of(value) & (Float.isNaN(value) ? 0x7fff : 0xffff));
        }
        assertEquals(1 + 0x1p-10f, Half.toFloat(Half.of(1 + 0x1.8p-11f)));
        assertEquals(1, Half.toFloat(Half.of(1 + 0x1p-11f))); // tie to even
        assertEquals(0x1p-24f, Half.toFloat(Half.of(0x1.2p-24f)));
        assertEquals(65504, Half.toFloat(Half.of(65519)));
        assertEquals(Float.POSITIVE_INFINITY, Half.toFloat(Half.of(65520)));
    }

    @Test
    void aDraftGoesOnAtTheLastDurableRow() throws IOException {
        int d = 4;
        float[] rows = Rows.random(10, d, 3);
        Path file = folder.resolve("v.emb");
        VectorFileWriter killed = VectorFileWriter.open(file, VectorType.FLOAT32, d);
        killed.append(rows, 3);
        killed.flush();
        killed.append(Arrays.copyOfRange(rows, 3 * d, 5 * d), 2);
        // what a killed process leaves: the draft as it is, with half of a row after the durable ones
        byte[] left = Files.readAllBytes(killed.draft());
        killed.close();
        Files.write(killed.draft(), Arrays.copyOf(left, left.length + 7));
        assertFalse(Files.exists(file));
        try (VectorFileWriter again = VectorFileWriter.open(file, VectorType.FLOAT32, d)) {
            assertEquals(3, again.written());
            assertThrows(IOException.class, () -> VectorFileWriter.open(file, VectorType.FLOAT32, d));
            again.append(Arrays.copyOfRange(rows, 3 * d, 10 * d), 7);
            again.finish();
        }
        float[] read = new float[10 * d];
        VectorFile.open(file).read(0, 10, read);
        assertArrayEquals(rows, read);
        assertFalse(Files.exists(killed.draft()));
    }

    @Test
    void aFullDiskIsToldOfWithWhatIsNeededAndKeepsWhatFitted() throws IOException {
        int d = 1000; // a buffer of the writer holds 262 rows
        float[] rows = Rows.random(600, d, 3);
        Path file = folder.resolve("v.emb");
        VectorHeader empty = new VectorHeader(VectorType.FLOAT32, d, 0);
        FullDisk disk = new FullDisk(folder.resolve("v.emb.part"), 64 + 300 * 4000 + 100);
        try (VectorFileWriter writer = VectorFileWriter.open(file, empty, disk)) {
            IOException e = assertThrows(IOException.class, () -> writer.append(rows, 600));
            assertEquals(
                    file + ": cannot be written: No space left on device; its 524 rows so far need 2096064 bytes",
                    e.getMessage());
            assertEquals(300, writer.written());
            assertThrows(IllegalStateException.class, () -> writer.append(rows, 1));
            assertThrows(IllegalStateException.class, writer::finish);
        }
        assertFalse(Files.exists(file));
        try (VectorFileWriter again = VectorFileWriter.open(file, VectorType.FLOAT32, d)) {
            assertEquals(300, again.written());
            again.append(Arrays.copyOfRange(rows, 300 * d, 600 * d), 300);
            again.finish();
        }
        float[] read = new float[600 * d];
        VectorFile.open(file).read(0, 600, read);
        assertArrayEquals(rows, read);
    }

    @Test
    void closingKeepsTheDraftAndAnotherKindIsRefused() throws IOException {
        Path file = folder.resolve("v.emb");
        try (VectorFileWriter writer = VectorFileWriter.open(file, VectorType.FLOAT16, 2)) {
            writer.append(new float[] {1, 2}, 1);
        }
        IOException e = assertThrows(IOException.class, () -> VectorFileWriter.open(file, VectorType.FLOAT16, 3));
        assertTrue(e.getMessage().contains("v.emb.part") && e.getMessage().contains("2 numbers"), e.getMessage());
        try (VectorFileWriter writer = VectorFileWriter.open(file, VectorType.FLOAT16, 2)) {
            assertEquals(1, writer.written());
        }
    }

    @Test
    void numbersThatCannotBeKeptAreRefused() throws IOException {
        try (VectorFileWriter writer = VectorFileWriter.open(folder.resolve("v"), VectorType.FLOAT16, 2)) {
            writer.append(new float[] {1, 2}, 1);
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, 70_000}) {
                IllegalArgumentException e = assertThrows(
                        IllegalArgumentException.class, () -> writer.append(new float[] {0, 0, 0, bad}, 2));
                assertTrue(e.getMessage().contains("row 2"), e.getMessage());
            }
            assertEquals(1, writer.written());
            assertThrows(IllegalArgumentException.class, () -> writer.append(new float[3], 2));
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> VectorFileWriter.open(folder.resolve("w"), VectorType.INT8, 1_000_000_000));
        assertFalse(Files.exists(folder.resolve("w.part")));
    }

    /** at: byte of the header; value: what is written there; says: part of the message. */
    @ParameterizedTest
    @CsvSource({
        "0, 77, is not a file of vectors",
        "8, 9, version 9",
        "12, 7, unknown type 7",
        "16, 0, vectors of 0 numbers",
        "16, 1000000000, vectors of 1000000000 numbers",
        "24, 1001, bytes where its header says",
        "24, -1, at most 2147483647",
        "28, 5, at most 2147483647",
        "28, -1, vectors;"
    })
    void damagedHeadersAreNamed(int at, int value, String says) throws IOException {
        Path file = write(Rows.random(1000, 3, 4), 3, VectorType.FLOAT32);
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
        Files.write(file, bytes);
        IOException e = assertThrows(IOException.class, () -> VectorFile.open(file));
        assertTrue(e.getMessage().startsWith(file.toString()) && e.getMessage().contains(says), e.getMessage());
    }

    @Test
    void otherLengthsAreNamed() throws IOException {
        Path file = write(Rows.random(1000, 3, 4), 3, VectorType.FLOAT32);
        byte[] bytes = Files.readAllBytes(file);
        for (int length : new int[] {0, 10, 64, bytes.length - 1, bytes.length + 1}) {
            Files.write(file, Arrays.copyOf(bytes, length));
            IOException e = assertThrows(IOException.class, () -> VectorFile.open(file));
            assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
        }
        assertThrows(IOException.class, () -> VectorFile.open(folder.resolve("none")));
    }

    @Test
    void emptyFilesAndOtherTypes() throws IOException {
        VectorFile none = VectorFile.open(write(new float[0], 3, VectorType.FLOAT32));
        assertEquals(0, none.size());
        none.read(0, 0, new float[0]);
        assertThrows(IndexOutOfBoundsException.class, () -> none.read(0, 1, new float[3]));

        float[] rows = Rows.random(6000, 7, 5);
        VectorFile wide = VectorFile.open(write(rows, 7, VectorType.FLOAT32));
        Path narrow = folder.resolve("narrow");
        wide.convert(narrow, VectorType.FLOAT16, Progress.SILENT);
        float[] read = new float[rows.length];
        VectorFile.open(narrow).read(0, 6000, read);
        assertArrayEquals(rows, read, 0x1p-11f);
        VectorFile.open(narrow).convert(narrow, VectorType.FLOAT32, Progress.SILENT); // over itself
        float[] back = new float[rows.length];
        VectorFile.open(narrow).read(0, 6000, back);
        assertArrayEquals(read, back);
    }
}
