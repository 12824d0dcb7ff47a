package io.dino4j.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.parquet.ParquetOutput;
import io.dino4j.data.parquet.ParquetOutput.Packing;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ParquetImagesTest {
    @TempDir
    private Path dir;

    private static byte[] png(int i) {
        return ImageEncoder.png(Pictures.picture(10 + i % 5, 8, i));
    }

    /** {@code count} rows, of which every seventh has no image and every fifth no label. */
    private Path write(String name, int from, int count, Packing packing) throws IOException {
        Path file = dir.resolve(name);
        String schema = "message m { optional int64 id; optional binary label (STRING); optional binary Image; }";
        try (ParquetOutput<Integer> out =
                ParquetOutput.open(file, MessageTypeParser.parseMessageType(schema), packing, (i, to) -> {
                    to.int64("id", i);
                    if (i % 5 == 0) {
                        to.none();
                    } else {
                        to.text("label", "class " + i % 3);
                    }
                    if (i % 7 == 0) {
                        to.none();
                    } else {
                        to.bytes("Image", png(i));
                    }
                })) {
            for (int i = from; i < from + count; i++) {
                out.write(i);
            }
        }
        return file;
    }

    @ParameterizedTest
    @ValueSource(strings = {"NONE", "DICTIONARY_ZSTD"})
    void rowsAreReadInAnyOrder(Packing packing) throws IOException {
        Path a = write("a.parquet", 0, 300, packing);
        Path b = write("b ä.parquet", 300, 40, packing);
        ParquetImages images = new ParquetImages(List.of(a, b), ImageColumns.USUAL);
        assertEquals(340, images.size());
        assertEquals(List.of("class 0", "class 1", "class 2"), images.classes());
        SplittableRandom random = new SplittableRandom(1);
        for (int k = 0; k < 500; k++) {
            int i = random.nextInt(340);
            assertEquals(i % 5 == 0 ? -1 : i % 3, images.label(i));
            if (i % 7 == 0) {
                UnreadableImageException e = assertThrows(UnreadableImageException.class, () -> images.encoded(i));
                assertEquals(images.name(i) + ": the row has no bytes of an image", e.getMessage());
            } else {
                assertArrayEquals(png(i), images.encoded(i), "row " + i);
            }
        }
        assertEquals(b + "/39", images.name(339));
        assertEquals(new Location.Row(b, 39), images.location(339).orElseThrow());
        assertEquals(13, images.read(338).width());
    }

    @Test
    void threadsShareTheFile() throws IOException {
        ParquetImages images =
                new ParquetImages(List.of(write("a.parquet", 1, 200, Packing.DICTIONARY_ZSTD)), ImageColumns.USUAL);
        assertTrue(IntStream.range(0, 2000)
                .parallel()
                .map(i -> i % 200)
                .filter(i -> (i + 1) % 7 != 0)
                .allMatch(i -> {
                    try {
                        return Arrays.equals(png(i + 1), images.encoded(i));
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                }));
    }

    /** Written by DuckDB 1.4: a group {bytes, path}, numbers as labels, a null in each place. */
    @ParameterizedTest
    @ValueSource(strings = {"snappy", "zstd", "gzip", "lz4_raw", "uncompressed"})
    void filesOfOtherWritersAreRead(String codec) throws IOException {
        Path file = dir.resolve(codec + ".parquet");
        try (InputStream in = ParquetImagesTest.class.getResourceAsStream("/parquet/" + codec + ".parquet")) {
            Files.copy(in, file);
        }
        ParquetImages images = new ParquetImages(List.of(file), ImageColumns.USUAL);
        assertEquals(5, images.size());
        assertEquals(List.of("10", "9"), images.classes());
        assertEquals(
                List.of(1, 0, -1, 1, 0),
                IntStream.range(0, 5).mapToObj(images::label).toList());
        for (int i : new int[] {0, 2, 4}) {
            assertEquals(4 + i, images.read(i).width());
        }
        assertThrows(UnreadableImageException.class, () -> images.read(1)); // bytes are null
        assertThrows(UnreadableImageException.class, () -> images.read(3)); // the group is null
    }

    @Test
    void columnsAreChosenAndMissedByName() throws IOException {
        Path file = write("a.parquet", 1, 4, Packing.NONE);
        ParquetImages images =
                new ParquetImages(List.of(file), new ImageColumns(Optional.of("image"), Optional.of("id")));
        assertEquals(List.of("1", "2", "3", "4"), images.classes());
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> new ParquetImages(List.of(file), new ImageColumns(Optional.of("photo"), Optional.empty())));
        assertEquals(
                file
                        + ": no column of images 'photo'; expected bytes, or a group with bytes, named image, img, jpg, jpeg, png,"
                        + " bytes, content; there are id, label, Image",
                e.getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> new ParquetImages(List.of(file), new ImageColumns(Optional.empty(), Optional.of("kind"))));
    }

    @Test
    void damagedFilesGiveOneLine() throws IOException {
        byte[] good = Files.readAllBytes(write("a.parquet", 1, 30, Packing.DICTIONARY_ZSTD));
        SplittableRandom random = new SplittableRandom(7);
        Path file = dir.resolve("mutant.parquet");
        for (int round = 0; round < 600; round++) {
            byte[] bad = good.clone();
            for (int k = 0; k <= round % 3; k++) {
                int at = round % 2 == 0 ? random.nextInt(bad.length) : bad.length - 1 - random.nextInt(400);
                bad[at] = (byte) random.nextInt(256);
            }
            Files.write(file, bad);
            try {
                ParquetImages images = new ParquetImages(List.of(file), ImageColumns.USUAL);
                for (int i = 0; i < Math.min(100, images.size()); i++) {
                    try {
                        images.encoded(i);
                    } catch (UnreadableImageException e) {
                        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
                    }
                }
            } catch (IOException | IllegalArgumentException e) {
                assertTrue(e.getMessage().startsWith(file + ": "), () -> "not named: " + e);
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
    }
}
