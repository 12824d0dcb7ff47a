package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.train.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that draw: what they write and say, and what they refuse. */
final class VisualizeTest {
    @TempDir
    private static Path shared;

    private static Path photos;
    private static Path run;

    @TempDir
    private Path dir;

    private Path out;

    @BeforeAll
    static void aRun() throws IOException {
        photos = TinyRun.pictures(shared.resolve("photos"), 10);
        run = shared.resolve("run");
        Outcome.of("pretrain", "--config", TinyRun.config(shared), "--images", photos, "--out", run)
                .succeeded();
    }

    @BeforeEach
    void nameAPicture() {
        out = dir.resolve("picture.png");
    }

    private Outcome pca(Path images, Object... more) {
        return run("pca", List.of("--images", images), more);
    }

    private Outcome run(String command, List<Object> inputs, Object... more) {
        List<Object> args = new ArrayList<>(List.of("visualize", command, "--weights", run, "--out", out));
        args.addAll(inputs);
        args.addAll(Arrays.asList(more));
        return Outcome.of(args.toArray());
    }

    private static JsonNode json(Outcome outcome) throws IOException {
        return new ObjectMapper().readTree(outcome.succeeded().out());
    }

    private Image picture() throws IOException {
        return ImageDecoder.read(out);
    }

    @Test
    void patchesAreColoured() throws IOException {
        Files.writeString(out, "an older file");
        JsonNode json = json(pca(photos, "--count", 4, "--json"));
        assertEquals(4, json.get("images").size());
        assertEquals(10, json.get("images_found").asInt());
        assertEquals(picture().width(), json.get("out_width").asInt());
        assertEquals(3, json.get("explained_by_colors").size());
        double share = 0;
        for (JsonNode image : json.get("images")) {
            assertEquals(12, image.get("grid_width").asInt(), "three times the grid of training");
            share += image.get("foreground_share").asDouble() / 4;
        }
        assertEquals(json.get("foreground_share").asDouble(), share, 1e-9);
        assertTrue(pca(photos).succeeded().out().contains("10 of 10 images"));
    }

    @Test
    void theSamePicturesCome() throws IOException {
        pca(photos, "--fit", 10, "--count", 3, "--size", 32).succeeded();
        Image first = picture();
        pca(photos, "--fit", 10, "--count", 3, "--size", 39).succeeded();
        assertEquals(first, picture(), "sizes are rounded down to patches");
        pca(photos, "--count", 3, "--size", 32).succeeded();
        assertFalse(first.equals(picture()), "fewer images have other components");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--per-image",
                "--blocks",
                "--background keep",
                "--background WHITE",
                "--foreground all",
                "--foreground none",
                "--threshold 99",
                "--fit 10 --foreground none"
            })
    void optionsAreTaken(String options) throws IOException {
        JsonNode json = json(pca(photos, (Object[]) (options + " --count 2 --json").split(" ")));
        assertEquals(2, json.get("images").size());
        assertTrue(picture().width() > 100);
        assertEquals(options.contains("99"), json.has("fallback"));
    }

    @Test
    void oneFileIsEnoughAndJpegIsWritten() throws IOException {
        out = dir.resolve("picture.jpg");
        pca(photos.resolve("picture-000.png"), "--size", 16).succeeded();
        assertTrue(picture().width() > 100);
    }

    @Test
    void whatCannotBeShownIsLeftOutAndTold() throws IOException {
        Path mixed = Files.createDirectory(dir.resolve("mixed"));
        Files.copy(photos.resolve("picture-001.png"), mixed.resolve("a.png"));
        Files.writeString(mixed.resolve("b.jpg"), "no image");
        ImageEncoder.write(new Image(400, 3, new byte[3600]), mixed.resolve("c.png"));
        Outcome outcome = pca(mixed, "--json");
        JsonNode json = json(outcome);
        assertEquals(1, json.get("images").size());
        assertEquals(2, json.get("left_out").size());
        assertTrue(outcome.err().contains("b.jpg") && outcome.err().contains("too narrow"), outcome.err());
    }

    @Test
    void partsAreMatched() throws IOException {
        Path a = photos.resolve("picture-002.png");
        JsonNode json = json(run("match", List.of("--image", a, "--with", a), "--lines", 5, "--json"));
        assertEquals(5, json.get("lines").size());
        for (JsonNode line : json.get("lines")) {
            assertEquals(line.get("a"), line.get("b"), "an image matches itself");
            assertEquals(1, line.get("similarity").asDouble(), 1e-5);
            double x = (line.at("/a/patch_column").asInt() + 0.5) * 32 / 12; // pixels of the original
            assertEquals(x, line.at("/a/x").asDouble(), 1e-9);
        }
        assertEquals(720, picture().height());
        Path b = photos.resolve("picture-003.png");
        assertTrue(run("match", List.of("--image", a, "--with", b), "--foreground", "none")
                .succeeded()
                .out()
                .contains("similarity"));
    }

    @Test
    void attentionIsDrawn() throws IOException {
        Path a = photos.resolve("picture-002.png");
        JsonNode json = json(run("attention", List.of("--image", a), "--json", "--overlay"));
        assertEquals(1, json.get("block").asInt(), "the last");
        assertEquals(2, json.get("heads").size());
        for (JsonNode head : json.get("heads")) {
            double sum = head.get("cls").asDouble() + head.get("registers").asDouble();
            assertEquals(144, head.get("patches").size());
            for (JsonNode patch : head.get("patches")) {
                sum += patch.asDouble();
            }
            assertEquals(1, sum, 1e-4);
        }
        assertTrue(run("attention", List.of("--image", a), "--block", 0, "--colors", "viridis")
                .succeeded()
                .out()
                .contains("block 0, 2 heads"));
    }

    @Test
    void aFileOfWeightsIsToldItsHeads() {
        Path file = RunDirectory.weights(run);
        Object[] args = {"visualize", "pca", "--weights", file, "--images", photos, "--out", out};
        Object[] told =
                Stream.concat(Arrays.stream(args), Stream.of("--heads", 2)).toArray();
        Outcome.of(told).succeeded();
    }

    @Test
    void wrongInputIsNamedBeforeAnythingIsDone() throws IOException {
        Path missing = dir.resolve("missing");
        Path a = photos.resolve("picture-000.png");
        Path text = Files.writeString(dir.resolve("text.jpg"), "no image");
        Path empty = Files.createDirectory(dir.resolve("empty"));
        pca(missing).failed(2, missing.toString(), "no such folder");
        pca(empty).failed(2, empty.toString(), "no images found");
        pca(text).failed(2, text.toString(), "neither a JPEG nor a PNG");
        pca(photos, "--count", 0).failed(2, "--count");
        pca(photos, "--size", 7).failed(2, "--size", "a patch of 8");
        pca(photos, "--heads", -1).failed(2, "--heads");
        pca(photos, "--heads", 4).failed(2, "has 2 attention heads by its own account, not 4");
        pca(photos, "--threshold", "NaN").failed(2, "--threshold");
        pca(photos, "--per-image", "--fit", 9).failed(2, "--fit");
        pca(photos, "--count", 10, "--size", 20_000).failed(2, "--count or --size");
        pca(photos, "--background", "pink").failed(2, "--background");
        run("match", List.of("--image", a, "--with", missing)).failed(1, missing.toString());
        run("match", List.of("--image", a, "--with", a), "--lines", 0).failed(2, "--lines");
        run("match", List.of("--image", text, "--with", a)).failed(1, text.toString());
        run("attention", List.of("--image", a), "--block", 2).failed(2, "--block", "0 to 1");
        Outcome.of("visualize", "pca", "--weights", missing, "--images", photos, "--out", out)
                .failed(2, missing.toString());
        assertFalse(Files.exists(out), "nothing is written");
        out = dir.resolve("picture.gif");
        pca(photos).failed(2, "picture.gif", ".png");
        out = missing.resolve("picture.png");
        pca(photos).failed(2, "there is no folder");
    }
}
