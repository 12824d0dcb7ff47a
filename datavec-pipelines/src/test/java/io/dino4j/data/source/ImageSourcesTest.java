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
import io.dino4j.data.source.ManifestImages.Check;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageSourcesTest {
    @TempDir
    private Path dir;

    private final List<String> warnings = new ArrayList<>();

    private static byte[] png(int seed) {
        return ImageEncoder.png(Pictures.picture(8 + seed, 8, seed));
    }

    private ImageSource open(Object where) throws IOException {
        return ImageSources.open(where.toString(), warnings::add);
    }

    private Path parquet(String name, int... seeds) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        try (ParquetOutput<Integer> out = ParquetOutput.open(
                file,
                MessageTypeParser.parseMessageType("message m { required binary img; required int32 cls; }"),
                Packing.NONE,
                (seed, to) -> to.bytes("img", png(seed)).int32("cls", seed % 2))) {
            for (int seed : seeds) {
                out.write(seed);
            }
        }
        return file;
    }

    private static ManifestRow row(Location at, byte[] bytes, String label, float weight) throws Exception {
        String hash =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        return new ManifestRow(at, 8, 8, bytes.length, hash, label, weight);
    }

    @Test
    void everyFormatIsRecognised() throws Exception {
        Path images = dir.resolve("images");
        Pictures.write(images.resolve("a/1.png"), Pictures.picture(8, 8, 1));
        Path tar = new Tar().add("1.jpg", png(1)).write(dir.resolve("tars/x-000.tar"));
        new Tar().add("2.jpg", png(2)).write(dir.resolve("tars/x-001.tar"));
        Path table = parquet("tables/t0.parquet", 1, 2, 3);
        parquet("tables/t1.parquet", 4);
        Manifest.Builder builder = Manifest.builder();
        builder.add(row(
                new Location.WholeFile(images.resolve("a/1.png")),
                Files.readAllBytes(images.resolve("a/1.png")),
                "b",
                1));
        Path list = dir.resolve("lvd.manifest");
        builder.build().write(list);

        assertTrue(open(images) instanceof ImageFolder);
        assertTrue(open(tar) instanceof TarShards);
        assertEquals(2, open(dir.resolve("tars")).size());
        assertEquals(2, open(dir + "/tars/x-{000..001}.tar").size());
        assertEquals(2, open(dir + "/t*s/x-*.tar").size());
        assertEquals(1, open(dir + "/tars/x-00[1-9].tar").size());
        assertTrue(open(table) instanceof ParquetImages);
        assertEquals(4, open(dir.resolve("tables")).size());
        assertEquals(4, open(dir + "/tables/t{1,0}.parquet").size());
        assertArrayEquals(png(4), open(dir + "/tables/t{1,0}.parquet").encoded(0));
        assertTrue(open(list) instanceof ManifestImages);
        assertEquals(List.of(), warnings);
    }

    @Test
    void whatCannotBeOpenedIsSaidInOneLine() throws IOException {
        Path text = Files.writeString(dir.resolve("a.txt"), "x");
        Path broken = Files.writeString(dir.resolve("a.manifest"), "not a table, and long enough to be looked at");
        Files.createDirectories(dir.resolve("folder"));
        Path foreign = dir.resolve("foreign.parquet");
        try (ParquetOutput<Integer> out = ParquetOutput.open(
                foreign,
                MessageTypeParser.parseMessageType("message m { required int32 x; }"),
                Packing.NONE,
                (i, to) -> to.int32("x", i))) {
            out.write(1);
        }
        new Tar().add("1.jpg", png(1)).write(dir.resolve("mixed/1.tar"));
        Pictures.write(dir.resolve("mixed/1.png"), Pictures.picture(8, 8, 1));
        for (Object where : List.of(
                dir.resolve("missing"),
                text,
                broken,
                dir.resolve("folder"),
                foreign,
                dir.resolve("mixed"),
                dir + "/no*.tar",
                dir + "/x-{000..003}.tar",
                dir + "/f*r",
                "{0..99999999}",
                "a\0b")) {
            Exception e = assertThrows(Exception.class, () -> open(where), where::toString);
            assertTrue(e instanceof IllegalArgumentException || e instanceof IOException, () -> "not expected: " + e);
            assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        }
        assertEquals(
                text + ": is none of what is accepted; expected " + ImageSources.ACCEPTED,
                assertThrows(IllegalArgumentException.class, () -> open(text)).getMessage());
    }

    @Test
    void bracesAreWrittenOut() {
        assertEquals(List.of("a-08.tar", "a-09.tar", "a-10.tar"), FilePattern.expand("a-{08..10}.tar"));
        assertEquals(List.of("x1y", "x1z", "x0y", "x0z"), FilePattern.expand("x{1..0}{y,z}"));
        assertEquals(List.of("plain"), FilePattern.expand("plain"));
        assertEquals(List.of("a{b"), FilePattern.expand("a{b"));
    }

    @Test
    void aManifestBringsTogetherWhatLiesAnywhere() throws Exception {
        Path file = Files.write(dir.resolve("ä 1.png"), png(1));
        Path tar = new Tar().add("2.jpg", png(2)).write(dir.resolve("x.tar"));
        Path table = parquet("t.parquet", 3, 4);
        Location stretch =
                new TarShards(List.of(tar), warnings::add).location(0).orElseThrow();
        Manifest.Builder builder = Manifest.builder();
        builder.add(row(new Location.WholeFile(file), png(1), "z", 2));
        builder.add(row(stretch, png(2), "", 1));
        builder.add(row(new Location.Row(table, 1), png(4), "a", 0.5f));
        builder.build().write(dir.resolve("m"));
        ImageSource images = open(dir.resolve("m"));
        assertEquals(List.of("a", "z"), images.classes());
        assertEquals(List.of(1, -1, 0), List.of(images.label(0), images.label(1), images.label(2)));
        assertEquals(0.5f, images.weight(2));
        assertArrayEquals(png(1), images.encoded(0));
        assertArrayEquals(png(2), images.encoded(1));
        assertArrayEquals(png(4), images.encoded(2));
        assertEquals(12, images.read(2).width());
        assertEquals(
                List.of(file.toString(), tar + "/512", table + "/1"),
                List.of(images.name(0), images.name(1), images.name(2)));
        assertTrue(images.runs().isPresent());
    }

    @Test
    void aManifestFindsWhatHasChanged() throws Exception {
        Path file = Files.write(dir.resolve("1.png"), png(1));
        Manifest.Builder builder = Manifest.builder();
        builder.add(row(new Location.WholeFile(file), png(1), "", 1));
        builder.add(row(new Location.WholeFile(dir.resolve("missing.png")), png(1), "", 1));
        builder.add(row(new Location.Row(dir.resolve("missing.parquet"), 0), png(1), "", 1));
        Manifest manifest = builder.build();
        ManifestImages lengths = new ManifestImages(manifest, Check.LENGTH);
        ManifestImages hashes = new ManifestImages(manifest, Check.HASH);
        assertArrayEquals(png(1), hashes.encoded(0));
        byte[] other = png(1);
        other[other.length / 2]++;
        Files.write(file, other);
        assertArrayEquals(other, lengths.encoded(0));
        UnreadableImageException e = assertThrows(UnreadableImageException.class, () -> hashes.encoded(0));
        assertTrue(e.getMessage().startsWith(file + ": has the SHA-256 "), e.getMessage());
        Files.write(file, new byte[] {1, 2});
        assertEquals(
                file + ": has 2 bytes, and the manifest says " + png(1).length,
                assertThrows(UnreadableImageException.class, () -> lengths.encoded(0))
                        .getMessage());
        assertThrows(UnreadableImageException.class, () -> lengths.encoded(1));
        assertThrows(UnreadableImageException.class, () -> lengths.encoded(2));
        assertThrows(IllegalArgumentException.class, () -> new ManifestImages(manifest.select(new int[0]), Check.HASH));
    }
}
