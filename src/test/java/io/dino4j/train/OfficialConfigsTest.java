package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.examples.cli.Main;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The training files of the DINOv2 repository load as they are, through {@code --config} and as a preset. */
final class OfficialConfigsTest {
    @TempDir
    private Path dir;

    /** The official file of this name: ours holds the same keys and values. */
    private Path official(String name) throws IOException {
        Path file = dir.resolve(name + ".yaml");
        try (InputStream in = ConfigLayers.class.getResourceAsStream("/io/dino4j/train/presets/" + name + ".yaml")) {
            Files.copy(in, file);
        }
        return file;
    }

    @ParameterizedTest
    @ValueSource(strings = {"vitl14", "vitg14", "vitl16_short"})
    void loadsThroughTheCommandLine(String name) throws IOException {
        Path empty = Files.createDirectories(dir.resolve("empty"));
        Path out = dir.resolve("out");
        StringWriter err = new StringWriter();
        CommandLine main = Main.commandLine();
        main.setErr(new PrintWriter(err, true));
        int exit = main.execute(
                "pretrain",
                "--config",
                official(name).toString(),
                "--images",
                empty.toString(),
                "--out",
                out.toString());
        // the configuration is resolved first: that the folder is empty is the only complaint
        assertEquals("dino4j: " + empty + ": no images found", err.toString().split("; ")[0]);
        assertEquals(2, exit);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vitl14", "vitg14", "vitl16_short"})
    void theFileAndThePresetAreTheSameRun(String name) throws IOException {
        RunConfig file = ConfigLayers.defaults().file(official(name)).resolve();
        assertEquals(ConfigLayers.defaults().preset(name).resolve(), file);
    }

    @Test
    void vitl14IsTheReleasedRecipe() throws IOException {
        RunConfig c = ConfigLayers.defaults().file(official("vitl14")).resolve();
        assertEquals(625_000, c.totalSteps());
        assertEquals(
                List.of(131072, 131072),
                List.of(c.dino().headNPrototypes(), c.ibot().headNPrototypes()));
        assertEquals(RunConfig.Centering.SINKHORN_KNOPP, c.train().centering());
        SslConfig step = Recipe.step(c);
        assertEquals(1024, step.student().backbone().embedDim());
        assertEquals(256, step.globalPatches());
        assertTrue(step.student().ibotHead().isPresent());
        assertEquals(0.994, c.teacher().momentumTeacher());
        assertEquals(2e-4 * Math.sqrt(32.0 / 1024), c.optim().scaledLr(32), 1e-18);
    }

    @Test
    void vitl16ShortIsTheDefaultRecipe() throws IOException {
        RunConfig c = ConfigLayers.defaults().file(official("vitl16_short")).resolve();
        assertEquals(125_000, c.totalSteps());
        assertEquals(RunConfig.Centering.CENTERING, c.train().centering());
        assertEquals(196, Recipe.step(c).globalPatches());
        assertTrue(Recipe.step(c).student().ibotHead().isEmpty());
    }
}
