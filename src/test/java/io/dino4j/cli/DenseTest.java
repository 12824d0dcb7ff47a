package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.examples.segmentation.SegmentPhotos;
import io.dino4j.train.RunDirectory;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that say something of every pixel, and the example of segmentation. */
final class DenseTest {
    @TempDir
    private static Path shared;

    private static Path run;

    @TempDir
    private Path dir;

    @BeforeAll
    static void aRun() throws IOException {
        Path photos = TinyRun.pictures(shared.resolve("photos"), 10);
        run = shared.resolve("run");
        Outcome.of("pretrain", "--config", TinyRun.config(shared), "--images", photos, "--out", run)
                .succeeded();
    }

    /** Pictures of 32 pixels whose upper half is of another class, or farther away, than the lower. */
    private static Path pairs(Path folder, String images, String truths, int type, int upper, int lower)
            throws IOException {
        for (String part : List.of("train", "val")) {
            TinyRun.pictures(folder.resolve(part).resolve(images), 3);
            Path to = Files.createDirectories(folder.resolve(part).resolve(truths));
            for (int i = 0; i < 3; i++) {
                BufferedImage truth = new BufferedImage(32, 32, type);
                for (int p = 0; p < 1024; p++) {
                    truth.getRaster().setSample(p % 32, p / 32, 0, p < 512 ? upper : lower);
                }
                ImageIO.write(
                        truth,
                        "png",
                        to.resolve("picture-%03d.png".formatted(i)).toFile());
            }
        }
        return folder;
    }

    private Path masks() throws IOException {
        Path masks = pairs(dir.resolve("masks"), "images", "masks", BufferedImage.TYPE_BYTE_GRAY, 0, 1);
        Files.writeString(masks.resolve("classes.csv"), "index,name\n0,sky\n1,road\n2,car\n");
        return masks;
    }

    private Outcome evaluate(String protocol, Object... more) {
        List<Object> args = new ArrayList<>(List.of("evaluate", protocol, "--weights", run, "--no-cache"));
        args.addAll(Arrays.asList(more));
        return Outcome.of(args.toArray());
    }

    @Test
    void segmentationIsReported() throws IOException {
        Path out = dir.resolve("results");
        Outcome outcome = evaluate(
                "segmentation",
                "--segmentation",
                masks(),
                "--steps",
                20,
                "--baseline",
                "pixels",
                "--out",
                out,
                "--json");
        JsonNode json = new ObjectMapper().readTree(outcome.succeeded().out());
        assertEquals(4, json.path("evaluations").size()); // two heads of two subjects
        JsonNode first = json.path("evaluations").path(0);
        assertEquals("mIoU", first.path("metrics").path(0).path("name").asText());
        assertTrue(first.path("metrics").path(0).path("high").asDouble() <= 1, first.toString());
        assertTrue(Files.readString(out.resolve("report.html")).contains("Segmented images"));
    }

    @Test
    void depthIsReported() throws IOException {
        Path photos = pairs(dir.resolve("depth"), "rgb", "depth", BufferedImage.TYPE_USHORT_GRAY, 4000, 1500);
        String text = evaluate("depth", "--depth", photos, "--depth-also", photos.resolve("train"), "--steps", 5)
                .succeeded()
                .out();
        assertTrue(text.contains("RMSE (m)") && text.contains("depth, 4 layers, train"), text);
    }

    @Test
    void aVideoIsDrawn() throws IOException {
        Path frames = TinyRun.pictures(dir.resolve("frames"), 5);
        Path out = dir.resolve("video.png");
        Outcome.of("visualize", "video", "--weights", run, "--frames", frames, "--count", 3, "--out", out)
                .succeeded();
        Image picture = ImageDecoder.read(out);
        assertTrue(picture.width() > 100, picture.toString());
    }

    @Test
    void whatIsWrongIsNamed() throws IOException {
        evaluate("segmentation").failed(2, "--segmentation");
        evaluate("depth").failed(2, "--depth");
        evaluate("video").failed(2, "--video");
        evaluate("video", "--video", dir).failed(2, "Annotations/480p", "DAVIS");
        evaluate("segmentation", "--segmentation", dir.resolve("none")).failed(2, "none", "no such folder");
        Path masks = masks();
        evaluate("segmentation", "--segmentation", masks, "--window", 12).failed(2, "12 pixels", "8, the patch size");
        Path mask = masks.resolve("val/masks/picture-001.png");
        ImageIO.write(new BufferedImage(16, 32, BufferedImage.TYPE_BYTE_GRAY), "png", mask.toFile());
        evaluate("segmentation", "--segmentation", masks, "--steps", 1).failed(2, mask.toString(), "16x32");
    }

    @Test
    void theExampleColoursPhotos() throws IOException {
        Path photos = TinyRun.pictures(dir.resolve("photos"), 2);
        Path out = dir.resolve("overlays");
        SegmentPhotos.main(new String[] {
            RunDirectory.weights(run).toString(), masks().toString(), photos.toString(), out.toString()
        });
        Image overlay = ImageDecoder.read(out.resolve("picture-000.png.png"));
        assertEquals(32, overlay.width());
    }
}
