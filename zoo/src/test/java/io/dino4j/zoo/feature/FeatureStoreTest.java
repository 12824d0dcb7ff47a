package io.dino4j.zoo.feature;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.zoo.feature.FeatureLayout.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the three formats share: parts, and runs that are broken off. */
final class FeatureStoreTest {
    private static final int F = 7;
    private static final FeatureLayout POOLED = new FeatureLayout(Kind.POOLED, F);

    @TempDir
    private Path folder;

    private FeatureStore open(String name) throws IOException {
        return FeatureStore.open(folder.resolve(name), POOLED, Photos.SETTINGS, false, false);
    }

    private Path parts(String name) {
        return folder.resolve(name + ".parts");
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    private void assertSameFile(String expected, String actual) throws IOException {
        assertArrayEquals(Files.readAllBytes(folder.resolve(expected)), Files.readAllBytes(folder.resolve(actual)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"npy", "safetensors", "parquet"})
    void aRunClosedAfterEachPartEndsAsOneThatWasNot(String extension) throws IOException {
        String whole = "whole." + extension;
        try (FeatureStore store = open(whole)) {
            for (int i = 0; i < 6; i++) {
                Photos.appendPart(store, 4, F);
            }
            store.finish();
        }
        String broken = "broken." + extension;
        for (int i = 0; i < 6; i++) {
            try (FeatureStore store = open(broken)) {
                assertEquals(4 * i, store.position());
                assertEquals(4 * i - 4 * i / 5, store.rows());
                Photos.appendPart(store, 4, F);
                assertEquals(4 * (i + 1), store.position());
            }
        }
        try (FeatureStore store = open(broken)) {
            assertEquals(20, store.rows());
            assertEquals(
                    List.of(4, 9, 14, 19).stream()
                            .map(i -> Photos.path(i) + ": is no image")
                            .toList(),
                    store.unreadable());
            store.finish();
        }
        assertSameFile(whole, broken);
        if (extension.equals("parquet")) {
            assertEquals(List.of("broken.parquet", "whole.parquet"), files());
        } else {
            assertSameFile(whole + ".csv", broken + ".csv");
            assertEquals(List.of(broken, broken + ".csv", whole, whole + ".csv"), files());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"npy", "safetensors", "parquet"})
    void whatAKilledRunLeftHalfIsDropped(String extension) throws IOException {
        Photos.extract(folder.resolve("whole." + extension), 12, 4, F);
        String name = "killed." + extension;
        try (FeatureStore store = open(name)) {
            Photos.appendPart(store, 4, F);
            Photos.appendPart(store, 4, F);
            Photos.appendPart(store, 4, F);
        }
        // killed between the data and the index of the third part, with a draft of another file
        Files.delete(parts(name).resolve("part-00000002.json"));
        Files.writeString(parts(name).resolve(".killed." + extension + ".draft"), "half");
        Files.writeString(parts(name).resolve(".part-00000002.f32.draft"), "half");
        try (FeatureStore store = open(name)) {
            assertEquals(8, store.position());
        }
        try (Stream<Path> left = Files.list(parts(name))) {
            List<String> names = left.map(f -> f.getFileName().toString()).toList();
            assertTrue(
                    names.stream().noneMatch(n -> n.endsWith(".draft") || n.startsWith("part-00000002")), "" + names);
        }
        Photos.extract(folder.resolve(name), 12, 4, F);
        assertSameFile("whole." + extension, name);
    }

    @Test
    void aRunKilledBetweenTheTwoFinalFilesGoesOn() throws IOException {
        try (FeatureStore store = open("a.npy")) {
            Photos.appendPart(store, 4, F);
        }
        Files.writeString(folder.resolve("a.npy.csv"), "the table, but no array");
        try (FeatureStore store = open("a.npy")) {
            store.finish();
        }
        assertEquals(5, ReadBack.csv(folder.resolve("a.npy.csv")).size());
        assertEquals(List.of("a.npy", "a.npy.csv"), files());
    }

    @Test
    void anotherExtensionIsRefused() throws IOException {
        for (String name : List.of("a.h5", "npy", "a.csv")) {
            var e = assertThrows(IllegalArgumentException.class, () -> open(name));
            assertEquals(
                    folder.resolve(name) + ": features go to a file whose name ends in .parquet, .npy or .safetensors",
                    e.getMessage());
        }
        assertEquals(List.of(), files());
    }

    @Test
    void otherSettingsAreNamedWithBothValues() throws IOException {
        Map<String, String> before = new LinkedHashMap<>();
        before.put("weights", "0a1b");
        before.put("layers", "4");
        before.put("size", "224");
        Map<String, String> now = new LinkedHashMap<>();
        now.put("weights", "0a1b");
        now.put("size", "518");
        now.put("crop", "centre\nsquare");
        Path out = folder.resolve("a.parquet");
        try (FeatureStore store = FeatureStore.open(out, POOLED, before, false, false)) {
            Photos.appendPart(store, 3, F);
        }
        FeatureLayout patches = new FeatureLayout(Kind.PATCHES, F);
        var e = assertThrows(IllegalArgumentException.class, () -> FeatureStore.open(out, patches, now, false, false));
        assertEquals(
                out
                        + ".parts: holds an interrupted run with other settings (kind of features is 'patches', was 'pooled';"
                        + " size is '518', was '224'; crop is 'centre square', was not given; layers is not given, was '4');"
                        + " run with those to go on, or drop it with --restart",
                e.getMessage());
        try (FeatureStore store = FeatureStore.open(out, POOLED, before, false, false)) {
            assertEquals(3, store.position());
        }
        try (FeatureStore store = FeatureStore.open(out, patches, now, true, false)) {
            assertEquals(0, store.position());
            assertEquals(0, store.rows());
            assertEquals(List.of(), store.unreadable());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.npy", "a.parquet"})
    void aFinishedFileIsReplacedOnlyWithForceAndOnlyAtTheEnd(String name) throws IOException {
        Path out = folder.resolve(name);
        Files.writeString(out, "the one before");
        var e = assertThrows(IllegalArgumentException.class, () -> open(name));
        assertEquals(out + ": exists already; replace it with --force", e.getMessage());
        try (FeatureStore store = FeatureStore.open(out, POOLED, Photos.SETTINGS, false, true)) {
            Photos.appendPart(store, 3, F);
            assertEquals("the one before", Files.readString(out));
            store.finish();
        }
        assertTrue(Files.size(out) > 3 * F * 4);
    }

    @Test
    void aTableOfSomebodyElseIsNotReplaced() throws IOException {
        Files.writeString(folder.resolve("a.npy.csv"), "mine");
        assertThrows(IllegalArgumentException.class, () -> open("a.npy"));
        assertEquals("mine", Files.readString(folder.resolve("a.npy.csv")));
        assertEquals(List.of("a.npy.csv"), files());
    }

    @Test
    void twoRunsDoNotWriteToOneFile() throws IOException {
        try (FeatureStore store = open("a.npy")) {
            var e = assertThrows(IOException.class, () -> open("a.npy"));
            assertEquals(
                    parts("a.npy") + ": another run is writing here; wait for its end or give another --out",
                    e.getMessage());
            Photos.appendPart(store, 3, F);
            store.finish();
        }
        assertEquals(List.of("a.npy", "a.npy.csv"), files());
    }

    @Test
    void aLockIsFreeAfterFinishAndAfterClose() throws IOException {
        open("a.npy").close();
        FeatureStore store = open("a.npy");
        store.finish();
        assertThrows(IllegalStateException.class, store::finish);
        assertThrows(IllegalStateException.class, () -> store.append(List.of(), List.of(), 1));
        store.close();
        try (FeatureStore again = FeatureStore.open(folder.resolve("a.npy"), POOLED, Map.of(), false, true)) {
            assertEquals(0, again.position());
        }
        assertEquals(List.of("a.npy", "a.npy.csv"), files());
    }

    @Test
    void aStoreWithoutPartsLeavesNothing() throws IOException {
        open("a.parquet").close();
        assertEquals(List.of(), files());
    }

    @ParameterizedTest
    @ValueSource(strings = {"npy", "safetensors", "parquet"})
    void damagedFilesAreNamed(String extension) throws IOException {
        String name = "a." + extension;
        String data = extension.equals("parquet") ? "part-00000001.parquet" : "part-00000001.f32";
        try (FeatureStore store = open(name)) {
            Photos.appendPart(store, 4, F);
            Photos.appendPart(store, 4, F);
        }
        Path file = parts(name).resolve(data);
        byte[] whole = Files.readAllBytes(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(10);
        }
        assertFault(name, "%s: has 10 bytes, but %d were written".formatted(file, whole.length));
        Files.delete(file);
        assertFault(name, file + ": is missing");
        Files.write(file, whole);

        Path index = parts(name).resolve("part-00000001.json");
        String text = Files.readString(index);
        Files.writeString(index, text.substring(0, 20));
        assertFault(name, index + ": is not JSON");
        Files.writeString(index, "{}");
        assertFault(name, index + ": has no whole number 'gridHeight'");
        Files.writeString(index, text.replace("\"from\":4", "\"from\":5"));
        assertFault(name, index + ": goes from image 5 to 8, but the part before ends at 4");
        Files.writeString(index, text);
        Files.move(parts(name).resolve("part-00000000.json"), folder.resolve("away"));
        assertFault(name, parts(name) + ": holds part 1, but only 1 parts");
        Files.move(folder.resolve("away"), parts(name).resolve("part-00000000.json"));

        Path settings = parts(name).resolve("settings.json");
        String agreed = Files.readString(settings);
        Files.writeString(settings, "");
        assertFault(name, settings + ": is not JSON");
        Files.delete(settings);
        assertFault(name, parts(name) + ": holds parts, but no settings.json");
        Files.writeString(settings, agreed);
        try (FeatureStore store = open(name)) {
            assertEquals(8, store.position());
        }
        Files.writeString(index, "{");
        try (FeatureStore store = FeatureStore.open(folder.resolve(name), POOLED, Photos.SETTINGS, true, false)) {
            assertEquals(0, store.position());
        }
    }

    private void assertFault(String name, String message) {
        var e = assertThrows(IOException.class, () -> open(name));
        assertEquals(message + "; begin anew with --restart", e.getMessage());
    }

    @Test
    void filesOfSomebodyElseAreNamedAndKept() throws IOException {
        try (FeatureStore store = open("a.npy")) {
            Photos.appendPart(store, 4, F);
        }
        Path mine = Files.writeString(parts("a.npy").resolve("holiday.jpg"), "mine");
        for (boolean restart : new boolean[] {false, true}) {
            var e = assertThrows(
                    IOException.class,
                    () -> FeatureStore.open(folder.resolve("a.npy"), POOLED, Photos.SETTINGS, restart, false));
            assertEquals(mine + ": no file of an interrupted run; move it away", e.getMessage());
        }
        assertEquals("mine", Files.readString(mine));
        Files.writeString(folder.resolve("b.npy.parts"), "mine");
        var e = assertThrows(IOException.class, () -> open("b.npy"));
        assertEquals(parts("b.npy") + ": is no folder; move it away", e.getMessage());
    }

    @Test
    void aPartLostWhileRunningIsNamedAtTheEnd() throws IOException {
        FeatureStore store = open("a.parquet");
        Photos.appendPart(store, 4, F);
        Path part = parts("a.parquet").resolve("part-00000000.parquet");
        Files.writeString(part, "something else");
        var e = assertThrows(IOException.class, store::finish);
        assertEquals(part + ": is no Parquet file; begin anew with --restart", e.getMessage());
        store.close();
        assertFalse(Files.exists(folder.resolve("a.parquet")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"npy", "safetensors", "parquet"})
    void aFailedPartLeavesTheStoreAsItWas(String extension) throws IOException {
        String name = "a." + extension;
        Photos.extract(folder.resolve("whole." + extension), 8, 4, F);
        String data = extension.equals("parquet") ? "part-00000001.parquet" : "part-00000001.csv";
        try (FeatureStore store = open(name)) {
            Photos.appendPart(store, 4, F);
            Path inTheWay = parts(name).resolve("." + data + ".draft");
            Files.createDirectory(inTheWay); // stands for a full disk: the file cannot be written
            var e = assertThrows(IOException.class, () -> Photos.appendPart(store, 4, F));
            assertTrue(e.getMessage().contains(data + ": cannot be written: "), e.getMessage());
            assertTrue(e.getMessage().endsWith("what was stored before is kept, run again to go on"), e.getMessage());
            assertEquals(4, store.position());
            assertEquals(4, store.rows());
            Files.deleteIfExists(inTheWay);
            Photos.appendPart(store, 4, F);
            store.finish();
        }
        assertSameFile("whole." + extension, name);
    }

    @Test
    void aFailedEndKeepsThePartsAndTheFileBefore() throws IOException {
        Path out = folder.resolve("a.npy");
        Files.writeString(out, "the one before");
        FeatureStore store = FeatureStore.open(out, POOLED, Photos.SETTINGS, false, true);
        Photos.appendPart(store, 4, F);
        Path inTheWay = Files.createDirectory(parts("a.npy").resolve(".a.npy.draft"));
        var e = assertThrows(IOException.class, store::finish);
        assertTrue(e.getMessage().startsWith(out + ": cannot be written: "), e.getMessage());
        assertEquals("the one before", Files.readString(out));
        Files.deleteIfExists(inTheWay);
        store.finish();
        assertEquals(4, ReadBack.npy(out).shape()[0]);
    }

    @Test
    void wrongRowsAreRefusedBeforeAnythingIsWritten() throws IOException {
        FeatureStore store = open("a.npy");
        Photos.appendPart(store, 4, F);
        List<FeatureRow> wrong = List.of(Photos.row(4, 2, 3, F), Photos.row(5, 2, 3, F + 1));
        var e = assertThrows(IllegalArgumentException.class, () -> store.append(wrong, List.of(), 6));
        assertEquals(Photos.path(5) + ": expected 7 numbers, got 8", e.getMessage());
        List<FeatureRow> many = Photos.pooled(4, 6, F);
        assertThrows(IllegalArgumentException.class, () -> store.append(many, List.of(), 5));
        assertThrows(IllegalArgumentException.class, () -> store.append(List.of(), List.of(), 3));
        assertEquals(4, store.position());
        assertDoesNotThrow(() -> store.append(List.of(), List.of(), 4));
        assertEquals(4, store.position());
        store.close();
        assertThrows(IllegalArgumentException.class, () -> new FeatureLayout(Kind.POOLED, 0));
        assertThrows(IllegalArgumentException.class, () -> new FeatureRow("a", 0, 1, 1, 1, new float[1]));
    }
}
