package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder holds one run, which one process writes. */
final class RunDirectoryTest {
    @TempDir
    private Path dir;

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aFolderThatNoRunBeganInIsGivenBackAsItWas() throws IOException {
        Path made = dir.resolve("a/b");
        RunDirectory.open(made, false).close();
        assertFalse(Files.exists(made));
        RunDirectory.open(dir.resolve("a"), false).close();
        assertEquals(List.of(), names(dir.resolve("a")), "a folder of the user's stays");
    }

    @Test
    void aRunThatWasKilledBeforeItWroteItsConfigurationIsNoObstacle() throws IOException {
        Files.createFile(dir.resolve(".lock"));
        Files.writeString(dir.resolve(".config.yaml.draft"), "dino: {loss_we");
        for (boolean resume : new boolean[] {true, false}) {
            try (RunDirectory run = RunDirectory.open(dir, resume)) {
                assertFalse(RunDirectory.holdsRun(run.path()));
            }
        }
    }

    @Test
    void theConfigurationMarksARun() throws IOException {
        try (RunDirectory run = RunDirectory.open(dir, false)) {
            run.describe(TinyTraining.config(), "dino4j pretrain", Map.of("java", "17"));
        }
        assertTrue(RunDirectory.holdsRun(dir));
        assertEquals(List.of(".lock", "config.yaml", "run.json"), names(dir));
        assertThrows(IllegalArgumentException.class, () -> RunDirectory.open(dir, false));
        RunDirectory.open(dir, true).close();
    }

    @Test
    void oneProcessAtATime() {
        try (RunDirectory first = RunDirectory.open(dir, false)) {
            String message = assertThrows(TrainingException.class, () -> RunDirectory.open(first.path(), false))
                    .getMessage();
            assertTrue(message.startsWith("another process is writing to " + dir), message);
        }
        RunDirectory.open(dir, false).close();
    }
}
