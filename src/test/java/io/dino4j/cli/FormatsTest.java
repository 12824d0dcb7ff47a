package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.file.Sha256;
import io.dino4j.data.parquet.ParquetOutput;
import io.dino4j.data.parquet.ParquetOutput.Packing;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.Location;
import io.dino4j.data.source.Manifest;
import io.dino4j.data.source.ManifestRow;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same images as files, in a tar archive, in a Parquet file and in a manifest: every command takes each, with the same result. */
final class FormatsTest {
    @TempDir
    private static Path dir;

    private static Path folder;
    private static Path tars;
    private static Path table;
    private static Path manifest;
    private static Path run;

    @BeforeAll
    static void theSameImagesInEveryFormat() throws IOException {
        folder = TinyRun.classes(dir.resolve("folder"), 12, 3);
        ImageFolder images = new ImageFolder(folder);
        tars = dir.resolve("tars");
        table = dir.resolve("images.parquet");
        manifest = dir.resolve("images.manifest");
        Files.createDirectories(tars);
        for (int shard = 0; shard < 2; shard++) {
            int half = images.size() / 2;
            Files.write(tars.resolve("x-%d.tar".formatted(shard)), tar(images, shard * half, (shard + 1) * half));
        }
        Manifest.Builder rows = Manifest.builder();
        try (ParquetOutput<Integer> out = ParquetOutput.open(
                table,
                MessageTypeParser.parseMessageType(
                        "message m { required binary image; required binary label (STRING); }"),
                Packing.DICTIONARY_ZSTD,
                (i, to) -> to.bytes("image", bytes(images, i)).text("label", label(images, i)))) {
            for (int i = 0; i < images.size(); i++) {
                out.write(i);
                byte[] bytes = bytes(images, i);
                Location at = new Location.WholeFile(Path.of(images.name(i)));
                rows.add(new ManifestRow(at, 32, 32, bytes.length, Sha256.of(bytes), label(images, i), 1));
            }
        }
        rows.build().write(manifest);
        run = dir.resolve("run");
        Outcome.of("pretrain", "--config", TinyRun.config(dir), "--images", tars, "--out", run)
                .succeeded();
    }

    private static String label(ImageFolder images, int i) {
        return images.classes().get(images.label(i));
    }

    private static byte[] bytes(ImageFolder images, int i) {
        try {
            return images.encoded(i);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static byte[] tar(ImageFolder images, int from, int to) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = from; i < to; i++) {
            member(out, "%03d.png".formatted(i), bytes(images, i));
            member(out, "%03d.cls".formatted(i), label(images, i).getBytes(StandardCharsets.UTF_8));
        }
        out.writeBytes(new byte[1024]);
        return out.toByteArray();
    }

    private static void member(ByteArrayOutputStream out, String name, byte[] content) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 124, "%011o".formatted(content.length));
        put(header, 148, "        ");
        header[156] = '0';
        put(header, 257, "ustar");
        int sum = 0;
        for (byte b : header) {
            sum += b;
        }
        put(header, 148, "%06o\0".formatted(sum));
        out.writeBytes(header);
        out.writeBytes(Arrays.copyOf(content, (content.length + 511) / 512 * 512));
    }

    private static void put(byte[] header, int at, String text) {
        System.arraycopy(text.getBytes(StandardCharsets.US_ASCII), 0, header, at, text.length());
    }

    @Test
    void featuresDoNotDependOnTheFormat() throws IOException {
        byte[] expected = new byte[0];
        for (Object images : List.of(folder, tars, tars + "/x-{0..1}.tar", dir + "/*.parquet", manifest)) {
            Path out = dir.resolve("f.npy");
            Outcome.of("extract", "--weights", run, "--images", images, "--out", out, "--force")
                    .succeeded();
            expected = expected.length == 0 ? Files.readAllBytes(out) : expected;
            assertArrayEquals(expected, Files.readAllBytes(out), images.toString());
        }
        String first = new ImageFolder(folder).name(0).substring(dir.toString().length() + 1);
        assertEquals("0," + first + ",32,32", names(manifest));
        assertEquals("0," + first.substring("folder/".length()) + ",32,32", names(folder));
        assertEquals("0,x-0.tar/000.png,32,32", names(tars));
        assertEquals("0,x-0.tar/000.png,32,32", names(tars.resolve("x-0.tar")));
        assertEquals("0,images.parquet/0,32,32", names(table));
    }

    private String names(Path images) throws IOException {
        Path out = dir.resolve("names.npy");
        Outcome.of("extract", "--weights", run, "--images", images, "--out", out, "--force")
                .succeeded();
        return Files.readAllLines(dir.resolve("names.npy.csv")).get(1);
    }

    @Test
    void labelsDoNotDependOnTheFormat() {
        String expected = "";
        for (Object[] pair : new Object[][] {{folder, folder}, {tars, table}, {manifest, tars}, {table, manifest}}) {
            String accuracy = Outcome.of("evaluate", "knn", "--weights", run, "--train", pair[0], "--val", pair[1])
                    .succeeded()
                    .out();
            expected = expected.isEmpty() ? accuracy : expected;
            assertEquals(expected, accuracy);
        }
    }

    @Test
    void picturesComeFromEveryFormat() {
        for (Path images : List.of(tars, table, manifest, Path.of(new ImageFolder(folder).name(1)))) {
            Path out = dir.resolve("pca.png");
            Outcome.of("visualize", "pca", "--weights", run, "--images", images, "--out", out, "--count", 2)
                    .succeeded();
        }
    }

    @Test
    void whatIsNoneOfThemIsSaidInOneLine() throws IOException {
        Path text = Files.writeString(dir.resolve("images.txt"), "x");
        Outcome.of("pretrain", "--images", text, "--out", dir.resolve("none"))
                .failed(2, text + ": is none of what is accepted; expected a folder of JPEG and PNG files, tar files");
        Path cut =
                Files.write(dir.resolve("cut.tar"), Arrays.copyOf(Files.readAllBytes(tars.resolve("x-0.tar")), 9000));
        Outcome done = Outcome.of("extract", "--weights", run, "--images", cut, "--out", dir.resolve("cut.npy"))
                .succeeded();
        assertTrue(done.err().contains("dino4j: " + cut + ": truncated: it has 9000 bytes"), done.err());
    }
}
