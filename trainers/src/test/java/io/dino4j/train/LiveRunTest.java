package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.Progress;
import io.dino4j.graph.exec.Providers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.live.LiveFeed;
import io.dino4j.train.live.LivePage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is looked at. */
final class LiveRunTest {
    @TempDir
    private Path dir;

    private static JsonNode get(LivePage page, String path) {
        try (InputStream answer = page.address().resolve(path).toURL().openStream()) {
            return new ObjectMapper().readTree(answer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static BufferedImage picture(JsonNode src) throws IOException {
        String text = src.asText();
        assertTrue(text.startsWith("data:image/png;base64,"), text);
        byte[] png = Base64.getDecoder().decode(text.substring(text.indexOf(',') + 1));
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(png));
        assertNotNull(picture, "a PNG");
        return picture;
    }

    /** Runs with a page, whose pictures are asked for at every step. */
    private static List<JsonNode> runAndLook(Path folder, RunConfig config) throws IOException {
        List<JsonNode> seen = new ArrayList<>();
        LiveFeed feed = LiveFeed.of(Progress.SILENT, TinyTraining.IMAGES, TinyTraining.IMAGES);
        try (RunDirectory directory = RunDirectory.open(folder, true);
                LivePage page = LivePage.of(folder, 0, feed)) {
            StepObserver observer = (batch, teacher) -> {
                get(page, "crops");
                get(page, "patches");
                feed.observer().step(batch, teacher);
                seen.add(get(page, "crops"));
                seen.add(get(page, "patches"));
            };
            new Pretrainer(
                            new Pretrainer.Request(
                                    config,
                                    TinyTraining.IMAGES,
                                    Optional.empty(),
                                    directory,
                                    "test",
                                    Providers.forThisMachine()),
                            feed.progress(),
                            observer)
                    .run();
            JsonNode state = get(page, "state");
            assertEquals(config.totalSteps(), state.path("step").asLong());
            assertEquals("training", state.path("task").path("name").asText());
            assertEquals(config.totalSteps(), state.path("task").path("done").asLong());
            assertTrue(state.path("pictures").asBoolean());
        }
        return seen;
    }

    @Test
    void lookingChangesNothing() throws IOException {
        RunConfig config = TinyTraining.config("student.drop_path_rate=0.25", "train.centering=centering");
        Path alone = dir.resolve("alone");
        Path seen = dir.resolve("seen");
        TinyTraining.run(alone, config);
        List<JsonNode> pictures = runAndLook(seen, config);
        TinyTraining.requireSameState(alone, seen);
        requireCrops(pictures.get(0));
        requirePatches(pictures.get(1));
    }

    private static void requireCrops(JsonNode crops) throws IOException {
        assertEquals(0, crops.path("step").asLong());
        assertEquals(3, crops.path("images").size());
        for (JsonNode image : crops.path("images")) {
            assertTrue(image.path("name").asText().startsWith("shapes/tiny/"), image.path("name")::asText);
            assertEquals(2, image.path("globals").size());
            assertEquals(2, image.path("locals").size());
            for (JsonNode global : image.path("globals")) {
                assertEquals(32, picture(global.path("src")).getWidth());
                assertEquals(16, global.path("patches").asInt());
            }
            assertEquals(16, picture(image.path("locals").get(0).path("src")).getWidth());
        }
    }

    private static void requirePatches(JsonNode patches) throws IOException {
        assertEquals(0, patches.path("step").asLong());
        assertEquals(4, patches.path("grid").asInt());
        assertEquals(4, patches.path("images").size());
        for (int i = 0; i < 4; i++) {
            JsonNode image = patches.path("images").get(i);
            BufferedImage shown = picture(image.path("src"));
            var original = TinyTraining.IMAGES.read(5 * i);
            assertEquals(original.at(3, 7, 1), shown.getRGB(3, 7) >> 8 & 255, "the image itself, without augmentation");
            BufferedImage colors = picture(image.path("colors"));
            assertEquals(4, colors.getWidth());
            long different = Arrays.stream(colors.getRGB(0, 0, 4, 4, null, 0, 4))
                    .distinct()
                    .count();
            assertTrue(different > 4, "colours of an image: " + different);
        }
    }
}
