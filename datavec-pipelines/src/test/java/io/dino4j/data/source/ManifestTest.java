package io.dino4j.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.parquet.ParquetOutput;
import io.dino4j.data.parquet.ParquetOutput.Packing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ManifestTest {
    @TempDir
    private Path dir;

    private static String hash(int i) {
        byte[] bytes = new byte[32];
        new SplittableRandom(i).nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** One of each kind, at the ends of their ranges. */
    private List<ManifestRow> rows() {
        return List.of(
                new ManifestRow(
                        new Location.WholeFile(dir.resolve("ä b/c.jpg")), 1, 2, 3, "0".repeat(64), "Käfer 甲", 1),
                new ManifestRow(
                        new Location.Stretch(dir.resolve("s/0.tar"), 0, 512),
                        Integer.MAX_VALUE,
                        7,
                        512,
                        "f".repeat(64),
                        "",
                        0.25f),
                new ManifestRow(
                        new Location.Stretch(Path.of("/elsewhere/1.tar"), 1L << 40, 9), 1, 1, 9, hash(1), "a", 1e-30f),
                new ManifestRow(new Location.Row(dir.resolve("p.parquet"), 0), 5, 6, 1L << 33, hash(2), "a", 3),
                new ManifestRow(new Location.Row(dir.resolve("p.parquet"), 1L << 34), 5, 6, 8, hash(3), "b", 3));
    }

    private static Manifest of(List<ManifestRow> rows) {
        Manifest.Builder builder = Manifest.builder();
        rows.forEach(builder::add);
        return builder.build();
    }

    private static List<ManifestRow> rows(Manifest manifest) {
        List<ManifestRow> rows = new ArrayList<>();
        for (int i = 0; i < manifest.size(); i++) {
            rows.add(manifest.row(i));
        }
        return rows;
    }

    @Test
    void rowsComeBackFromMemoryAndFromTheFile() throws IOException {
        Path file = dir.resolve("deep/er/pool.manifest");
        assertEquals(rows(), rows(of(rows())));
        of(rows()).write(dir.resolve("pool"));
        assertEquals(rows(), rows(Manifest.read(dir.resolve("pool"))));
        assertThrows(IOException.class, () -> Manifest.read(file));
        of(List.of()).write(file);
        assertEquals(0, Manifest.read(file).size());
    }

    @Test
    void equalRowsGiveEqualBytesWhateverWasThereBefore() throws IOException {
        of(rows()).write(dir.resolve("a"));
        Files.writeString(dir.resolve("b"), "something else");
        Manifest.read(dir.resolve("a")).write(dir.resolve("b"));
        assertArrayEquals(Files.readAllBytes(dir.resolve("a")), Files.readAllBytes(dir.resolve("b")));
        of(rows().subList(0, 4)).write(dir.resolve("c"));
        assertFalse(Files.mismatch(dir.resolve("a"), dir.resolve("c")) < 0);
    }

    @Test
    void theFolderMayMoveWithItsManifest() throws IOException {
        Path before = Files.createDirectory(dir.resolve("before"));
        Location inside = new Location.WholeFile(before.resolve("x/1.jpg"));
        Location outside = new Location.WholeFile(dir.resolve("2.jpg"));
        of(List.of(new ManifestRow(inside, 1, 1, 1, hash(1), "", 1), new ManifestRow(outside, 1, 1, 1, hash(2), "", 1)))
                .write(before.resolve("m"));
        Path after = Files.move(before, dir.resolve("after"));
        Manifest read = Manifest.read(after.resolve("m"));
        assertEquals(after.resolve("x/1.jpg"), read.location(0).file());
        assertEquals(dir.resolve("2.jpg"), read.location(1).file());
    }

    @Test
    void rowsAreSelectedAndWeighed() {
        Manifest all = of(rows());
        Manifest some = all.select(new int[] {4, 0, 4});
        assertEquals(List.of(rows().get(4), rows().get(0), rows().get(4)), rows(some));
        Manifest weighed = some.withWeights(new float[] {1, 2, 3});
        assertEquals(2, weighed.row(1).weight());
        assertEquals(1, some.row(1).weight());
        assertEquals(some.row(1).location(), weighed.row(1).location());
        assertThrows(IllegalArgumentException.class, () -> all.select(new int[] {5}));
        assertThrows(IllegalArgumentException.class, () -> some.withWeights(new float[] {1, 0, 1}));
        assertThrows(IllegalArgumentException.class, () -> some.withWeights(new float[] {1, 1}));
    }

    @Test
    void whatCannotBeIsNotAdded() {
        Location file = new Location.WholeFile(dir);
        for (ManifestRow wrong : List.of(
                new ManifestRow(file, 0, 1, 1, hash(1), "", 1),
                new ManifestRow(file, 1, -1, 1, hash(1), "", 1),
                new ManifestRow(file, 1, 1, 0, hash(1), "", 1),
                new ManifestRow(file, 1, 1, 1, hash(1).toUpperCase(java.util.Locale.ROOT), "", 1),
                new ManifestRow(file, 1, 1, 1, "", "", 1),
                new ManifestRow(file, 1, 1, 1, hash(1), "", Float.NaN),
                new ManifestRow(new Location.Stretch(dir, 0, 2), 1, 1, 1, hash(1), "", 1))) {
            assertThrows(IllegalArgumentException.class, () -> of(List.of(wrong)), wrong::toString);
        }
    }

    /** Many rows: several pages, several blocks of names, a dictionary that is given up. */
    @Test
    void manyRowsComeBack() throws IOException {
        int n = 60_000;
        Manifest.Builder builder = Manifest.builder();
        for (int i = 0; i < n; i++) {
            Path path = dir.resolve("folder of images %d/%s.jpg".formatted(i % 7, i));
            builder.add(new ManifestRow(
                    new Location.WholeFile(path), i + 1, 2, 3L + i, hash(i), i % 3 == 0 ? "" : "c" + i % 11, 1));
        }
        builder.build().write(dir.resolve("m"));
        Manifest read = Manifest.read(dir.resolve("m"));
        assertEquals(n, read.size());
        for (int i = 0; i < n; i++) {
            ManifestRow row = read.row(i);
            if (row.width() != i + 1 || !row.sha256().equals(hash(i)) || row.bytes() != 3L + i) {
                assertEquals(i, row);
            }
        }
        assertEquals("c5", read.label(5));
        assertEquals(dir.resolve("folder of images 1/8.jpg"), read.location(8).file());
    }

    /** A table as another program would write it: other integer types, other columns, no weights. */
    @Test
    void tablesOfOtherProgramsAreRead() throws IOException {
        Path file = dir.resolve("foreign.parquet");
        write(
                file,
                "required int64 width; required binary path (STRING); optional int32 bytes; required float score;"
                        + " required int64 height; optional binary sha256 (STRING);",
                to -> to.int64("width", 4)
                        .text("path", "a/b.png")
                        .int32("bytes", 10)
                        .float32("score", 0.5f)
                        .int64("height", 3)
                        .text("sha256", hash(9)));
        assertEquals(
                new ManifestRow(new Location.WholeFile(dir.resolve("a/b.png")), 4, 3, 10, hash(9), "", 1),
                Manifest.read(file).row(0));
    }

    @Test
    void tablesThatAreNoManifestsSaySoInOneLine() throws IOException {
        Path file = dir.resolve("t");
        String sha = " required binary sha256 (STRING);";
        write(file, "required binary path (STRING);", to -> to.text("path", "a"));
        assertFailure(
                file,
                "has no column width; a manifest has path, width, height, bytes, sha256, and may have offset, row, label and weight");
        String columns =
                "required binary path (STRING); required int32 width; required int32 height; required int64 bytes;";
        write(file, columns + " required int32 sha256;", to -> to.text("path", "a")
                .int32("w", 1)
                .int32("h", 1)
                .int64("b", 1)
                .int32("sha256", 1));
        assertFailure(file, "column sha256 is 'required int32 sha256'; a manifest has [BINARY] there");
        write(file, columns + sha, to -> to.text("path", "a")
                .int32("w", 0)
                .int32("h", 1)
                .int64("b", 1)
                .text("sha256", hash(1)));
        assertFailure(file, "row 0: width is 0; expected 1 to 2147483647");
        write(file, columns + sha, to -> to.text("path", "a")
                .int32("w", 1)
                .int32("h", 1)
                .int64("b", 1)
                .text("sha256", "abc"));
        assertFailure(file, "row 0: sha256 is no hash; expected 64 hexadecimal digits in lower case");
        write(file, columns + " optional binary sha256 (STRING);", to -> to.text("path", "a")
                .int32("w", 1)
                .int32("h", 1)
                .int64("b", 1)
                .none());
        assertFailure(file, "row 0: sha256 is nothing; expected a value");
        write(file, columns + sha + " required int64 offset; required int64 row;", to -> to.text("path", "a")
                .int32("w", 1)
                .int32("h", 1)
                .int64("b", 1)
                .text("sha256", hash(1))
                .int64("offset", 1)
                .int64("row", 1));
        assertFailure(file, "row 0: row is beside an offset; expected one of the two");
        Files.writeString(file, "not a table");
        assertFailure(file, "is no Parquet file");
    }

    private void write(Path file, String columns, java.util.function.Consumer<ParquetOutput.Fields> row)
            throws IOException {
        try (ParquetOutput<Integer> out = ParquetOutput.open(
                file,
                MessageTypeParser.parseMessageType("message foreign { " + columns + " }"),
                Packing.DICTIONARY_ZSTD,
                (i, to) -> row.accept(to))) {
            out.write(0);
        }
    }

    private static void assertFailure(Path file, String message) {
        IOException e = assertThrows(IOException.class, () -> Manifest.read(file));
        assertEquals(file + ": " + message, e.getMessage());
    }

    @Test
    void nothingIsLeftBehindWhenAFileCannotBeWritten() throws IOException {
        Path file = Files.writeString(dir.resolve("file"), "");
        IOException e = assertThrows(IOException.class, () -> of(rows()).write(file.resolve("m")));
        assertTrue(e.getMessage().startsWith(file.resolve("m") + ": cannot be written: "), e.getMessage());
        Path folder = Files.createDirectories(dir.resolve("folder/with files")).getParent();
        assertThrows(IOException.class, () -> of(rows()).write(folder));
        try (var files = Files.list(dir)) {
            assertEquals(2, files.count());
        }
    }

    /** A damaged file gives rows or one line, and neither an error of the machine nor much memory. */
    @Test
    void damagedFilesGiveOneLine() throws IOException {
        Manifest.Builder builder = Manifest.builder();
        for (int i = 0; i < 200; i++) {
            builder.add(new ManifestRow(
                    new Location.Stretch(dir.resolve(i / 50 + ".tar"), 512L * i, 9),
                    1 + i,
                    2,
                    9,
                    hash(i),
                    "c" + i % 5,
                    1));
        }
        builder.build().write(dir.resolve("m"));
        byte[] good = Files.readAllBytes(dir.resolve("m"));
        SplittableRandom random = new SplittableRandom(3);
        Path file = dir.resolve("mutant");
        for (int round = 0; round < 1000; round++) {
            byte[] bad = good.clone();
            for (int k = 0; k <= round % 3; k++) {
                int at = round % 2 == 0 ? random.nextInt(bad.length) : bad.length - 1 - random.nextInt(bad.length / 4);
                bad[at] = (byte) random.nextInt(256);
            }
            int length = round % 5 == 0 ? random.nextInt(bad.length) : bad.length;
            Files.write(file, java.util.Arrays.copyOf(bad, length));
            try {
                assertTrue(Manifest.read(file).size() >= 0);
            } catch (IOException e) {
                assertTrue(e.getMessage().startsWith(file + ": "), () -> "not named: " + e);
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
    }
}
