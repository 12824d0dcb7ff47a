package io.dino4j.zoo.feature;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.zoo.feature.FeatureFormat.Grid;
import io.dino4j.zoo.feature.FeatureFormat.Totals;
import io.dino4j.zoo.feature.FeatureLayout.Kind;
import io.dino4j.zoo.weights.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the final files, read with other code than wrote them. */
final class FeatureFilesTest {
    private static final int F = 5;
    private static final FeatureLayout POOLED = new FeatureLayout(Kind.POOLED, F);
    private static final FeatureLayout PATCHES = new FeatureLayout(Kind.PATCHES, F);

    @TempDir
    private Path folder;

    private static Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("weights", "dinov2_vits14 \"0a1b\"");
        settings.put("folder", "Grüße, 日本\n");
        return settings;
    }

    private Path pooled(String name) throws IOException {
        Path out = folder.resolve(name);
        try (FeatureStore store = FeatureStore.open(out, POOLED, settings(), false, false)) {
            store.append(Photos.pooled(0, 4, F), List.of(), 4);
            store.append(List.of(), List.of("a.txt: is no image"), 5);
            store.append(Photos.pooled(4, 13, F), List.of(), 15);
            store.finish();
        }
        return out;
    }

    private Path patches(String name, int[]... grids) throws IOException {
        Path out = folder.resolve(name);
        try (FeatureStore store = FeatureStore.open(out, PATCHES, settings(), false, false)) {
            for (int[] grid : grids) {
                int i = (int) store.position();
                store.append(List.of(Photos.row(i, grid[0], grid[1], grid[0] * grid[1] * F)), List.of(), i + 1);
            }
            store.finish();
        }
        return out;
    }

    private static void assertPooled(float[] values) {
        assertEquals(13 * F, values.length);
        for (int i = 0; i < values.length; i++) {
            assertEquals(Photos.value(i / F, i % F), values[i]);
        }
    }

    private static void assertTable(Path file) throws IOException {
        List<List<String>> table = ReadBack.csv(file);
        assertEquals(List.of("row", "path", "width", "height"), table.get(0));
        assertEquals(14, table.size());
        for (int i = 0; i < 13; i++) {
            assertEquals(List.of("" + i, Photos.path(i), "" + (100 + i), "" + (50 + i)), table.get(i + 1));
        }
    }

    @Test
    void npyHoldsPooledFeatures() throws IOException {
        Path out = pooled("a.npy");
        ReadBack.Array array = ReadBack.npy(out);
        assertArrayEquals(new long[] {13, F}, array.shape());
        assertPooled(array.values());
        assertTable(folder.resolve("a.npy.csv"));
    }

    @Test
    void safetensorsHoldPooledFeaturesAndSettings() throws IOException {
        Path out = pooled("a.safetensors");
        try (Safetensors file = Safetensors.open(out)) {
            assertEquals(settings(), file.metadata());
            assertEquals(1, file.tensors().size());
            assertArrayEquals(new long[] {13, F}, file.tensors().get("features").shape());
            assertEquals(0, file.tensors().get("features").offset() % 8);
            assertPooled(file.read("features").data().asFloat());
        }
        assertTable(folder.resolve("a.safetensors.csv"));
    }

    @Test
    void parquetHoldsPooledFeaturesAndSettings() throws IOException {
        ReadBack.Table table = ReadBack.parquet(pooled("a.parquet"));
        assertEquals(settings(), table.metadata());
        assertEquals(List.of(4L, 9L), table.rowGroups());
        assertFalse(table.schema().containsField("grid_height"));
        assertRows(Photos.pooled(0, 13, F), table.rows());
        assertFalse(Files.exists(folder.resolve("a.parquet.csv")));
    }

    private static void assertRows(List<FeatureRow> expected, List<FeatureRow> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            FeatureRow e = expected.get(i);
            FeatureRow a = actual.get(i);
            assertArrayEquals(e.values(), a.values());
            assertEquals(new FeatureRow(e.path(), e.width(), e.height(), e.gridHeight(), e.gridWidth(), a.values()), a);
        }
    }

    @Test
    void arraysHoldPatches() throws IOException {
        int[] grid = {2, 3};
        ReadBack.Array array = ReadBack.npy(patches("a.npy", grid, grid, grid));
        assertArrayEquals(new long[] {3, 6, F}, array.shape());
        try (Safetensors file = Safetensors.open(patches("a.safetensors", grid, grid, grid))) {
            assertArrayEquals(
                    new long[] {3, 6, F}, file.tensors().get("features").shape());
            assertArrayEquals(array.values(), file.read("features").data().asFloat());
        }
        for (int i = 0; i < array.values().length; i++) {
            assertEquals(Photos.value(i / (6 * F), i % (6 * F)), array.values()[i]);
        }
    }

    @Test
    void parquetHoldsPatchesOfGridsThatDiffer() throws IOException {
        ReadBack.Table table = ReadBack.parquet(patches("a.parquet", new int[] {2, 3}, new int[] {40, 70}));
        assertRows(List.of(Photos.row(0, 2, 3, 6 * F), Photos.row(1, 40, 70, 2800 * F)), table.rows());
        assertEquals(2, table.rows().get(0).gridHeight());
        assertTrue(table.schema().containsField("grid_width"));
    }

    @Test
    void oneArrayRefusesGridsThatDifferAlsoAfterAnInterruption() throws IOException {
        Path out = folder.resolve("a.npy");
        try (FeatureStore store = FeatureStore.open(out, PATCHES, settings(), false, false)) {
            store.append(List.of(), List.of("x: is no image"), 1);
            store.append(List.of(Photos.row(1, 2, 3, 6 * F)), List.of(), 2);
        }
        try (FeatureStore store = FeatureStore.open(out, PATCHES, settings(), false, false)) {
            // as many patches, but another picture
            List<FeatureRow> other = List.of(Photos.row(2, 3, 2, 6 * F));
            var e = assertThrows(IllegalArgumentException.class, () -> store.append(other, List.of(), 3));
            assertEquals(
                    "2/the \"best\".jpg: has a grid of 3 x 2 patches, but the images before it 2 x 3, and one array holds"
                            + " grids of one size; write .parquet, or crop all images to one size",
                    e.getMessage());
            assertEquals(2, store.position());
            store.finish();
        }
        assertArrayEquals(new long[] {1, 6, F}, ReadBack.npy(out).shape());
    }

    @Test
    void noRowsMakeWholeFiles() throws IOException {
        for (FeatureLayout layout : List.of(POOLED, PATCHES)) {
            long[] shape = layout == POOLED ? new long[] {0, F} : new long[] {0, 0, F};
            for (String name : List.of("a.npy", "a.safetensors", "a.parquet")) {
                try (FeatureStore store = FeatureStore.open(folder.resolve(name), layout, settings(), false, true)) {
                    store.append(List.of(), List.of("a.txt: is no image"), 1);
                    store.finish();
                }
            }
            assertArrayEquals(shape, ReadBack.npy(folder.resolve("a.npy")).shape());
            try (Safetensors file = Safetensors.open(folder.resolve("a.safetensors"))) {
                assertArrayEquals(shape, file.tensors().get("features").shape());
            }
            assertEquals(1, ReadBack.csv(folder.resolve("a.npy.csv")).size());
            ReadBack.Table table = ReadBack.parquet(folder.resolve("a.parquet"));
            assertEquals(List.of(), table.rows());
            assertEquals(settings(), table.metadata());
        }
    }

    @Test
    void arraysMayBeLargerThanAJavaBuffer() {
        Totals totals = new Totals(1, 3_000_000_000L, 3_000_000_000L, new Grid(37, 37));
        long[] shape = ArrayFormat.shape(totals, new FeatureLayout(Kind.PATCHES, 1536));
        assertArrayEquals(new long[] {3_000_000_000L, 1369, 1536}, shape);
        assertEquals(25_233_408_000_000_000L, ArrayFormat.bytes(shape));
        assertThrows(ArithmeticException.class, () -> ArrayFormat.bytes(new long[] {1L << 40, 1L << 30}));
        ByteBuffer header = ByteBuffer.wrap(ArrayFormat.Container.SAFETENSORS.header(shape, Map.of()))
                .order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(header.capacity() - 8, header.getLong());
        String text = StandardCharsets.UTF_8.decode(header).toString();
        assertTrue(text.contains("\"shape\":[3000000000,1369,1536],\"data_offsets\":[0,25233408000000000]"), text);
    }

    @Test
    void fieldsAreQuotedWhereTheyMustBe() {
        assertEquals("a b.jpg", ArrayFormat.quoted("a b.jpg"));
        assertEquals("\"a,b\"", ArrayFormat.quoted("a,b"));
        assertEquals("\"say \"\"hi\"\"\"", ArrayFormat.quoted("say \"hi\""));
        assertEquals("\"a\r\nb\"", ArrayFormat.quoted("a\r\nb"));
        assertEquals("\" a\"", ArrayFormat.quoted(" a"));
    }
}
