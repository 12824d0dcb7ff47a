package io.dino4j.data.curation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.data.file.FolderLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of stages: whole or not there, gone on with, and never mixed. */
final class StageFolderTest {
    private static final Map<String, String> ONE = Map.of("k", "1", "seed", "0");
    private static final Map<String, String> TWO = Map.of("k", "2", "seed", "0");

    @TempDir
    Path dir;

    private static StageFolder.Work file(String text) {
        return draft -> Files.writeString(draft.resolve("result"), text);
    }

    @Test
    void aFolderIsMadeOnceAndKnowsItsSettings() throws IOException {
        Path out = dir.resolve("out");
        assertTrue(StageFolder.make(out, ONE, false, Progress.SILENT, file("first")));
        assertFalse(StageFolder.make(out, ONE, false, Progress.SILENT, file("second")));
        assertEquals("first", Files.readString(out.resolve("result")));
        assertEquals(ONE, StageFolder.settingsOf(out));
        try (var files = Files.list(dir)) {
            assertEquals(1, files.count(), "no draft, no lock");
        }
        try (var files = Files.list(out)) {
            assertEquals(2, files.count());
        }
    }

    @Test
    void whatAKilledRunLeftIsGoneOnWith() throws IOException {
        Path out = dir.resolve("out");
        assertThrows(
                IOException.class,
                () -> StageFolder.make(out, ONE, false, Progress.SILENT, draft -> {
                    Files.writeString(draft.resolve("half"), "1");
                    throw new IOException("killed");
                }));
        assertFalse(Files.exists(out));
        StageFolder.make(out, ONE, false, Progress.SILENT, draft -> {
            assertEquals("1", Files.readString(draft.resolve("half")));
            Files.writeString(draft.resolve("result"), "whole");
        });
        assertEquals("whole", Files.readString(out.resolve("result")));
    }

    @Test
    void aMistakeOfTheUserLeavesNothing() throws IOException {
        Path out = dir.resolve("out");
        assertThrows(
                IllegalArgumentException.class,
                () -> StageFolder.make(out, ONE, false, Progress.SILENT, draft -> {
                    Files.writeString(draft.resolve("half"), "1");
                    throw new IllegalArgumentException("no such cluster");
                }));
        try (var files = Files.list(dir)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void otherSettingsNeedForce() throws IOException {
        Path out = dir.resolve("out");
        StageFolder.make(out, ONE, false, Progress.SILENT, file("one"));
        var e = assertThrows(
                IllegalArgumentException.class, () -> StageFolder.make(out, TWO, false, Progress.SILENT, file("two")));
        assertEquals(
                out + ": made with k = 1, now it is 2; replace it with --force, or give another --out", e.getMessage());
        assertEquals("one", Files.readString(out.resolve("result")));
        StageFolder.make(out, TWO, true, Progress.SILENT, file("two"));
        assertEquals("two", Files.readString(out.resolve("result")));
        assertEquals(TWO, StageFolder.settingsOf(out));
    }

    @Test
    void aDraftOfOtherSettingsIsDroppedByForceOnly() throws IOException {
        Path out = dir.resolve("out");
        StageFolder.Work broken = draft -> {
            Files.createDirectories(draft.resolve("deep/er"));
            Files.writeString(draft.resolve("deep/er/half"), "1");
            throw new IOException("killed");
        };
        assertThrows(IOException.class, () -> StageFolder.make(out, ONE, false, Progress.SILENT, broken));
        assertThrows(
                IllegalArgumentException.class, () -> StageFolder.make(out, TWO, false, Progress.SILENT, file("two")));
        StageFolder.make(out, TWO, true, Progress.SILENT, draft -> {
            assertFalse(Files.exists(draft.resolve("deep")));
            file("two").fill(draft);
        });
        assertEquals("two", Files.readString(out.resolve("result")));
    }

    @Test
    void aFolderOfSomebodyElseIsLeftAlone() throws IOException {
        Path out = Files.createDirectory(dir.resolve("photos"));
        Files.writeString(out.resolve("cat.jpg"), "x");
        for (boolean force : new boolean[] {false, true}) {
            var e = assertThrows(
                    IllegalArgumentException.class,
                    () -> StageFolder.make(out, ONE, force, Progress.SILENT, file("one")));
            assertEquals(out + ": exists already and is not of this command; give another --out", e.getMessage());
        }
        assertTrue(Files.exists(out.resolve("cat.jpg")));
        var e = assertThrows(IllegalArgumentException.class, () -> StageFolder.settingsOf(out));
        assertEquals(out + ": has no stage.json; expected a folder that a curate command has made", e.getMessage());
    }

    @Test
    void twoRunsDoNotWriteAtOnce() throws IOException {
        Path out = dir.resolve("out");
        StageFolder.make(out, ONE, false, Progress.SILENT, draft -> {
            var e = assertThrows(
                    IOException.class, () -> StageFolder.make(out, ONE, false, Progress.SILENT, file("other")));
            assertTrue(e.getMessage().contains("another run is writing here"), e.getMessage());
            file("mine").fill(draft);
        });
        assertEquals("mine", Files.readString(out.resolve("result")));
        assertFalse(Files.exists(out.resolve(FolderLock.NAME)));
    }
}
