package io.dino4j.zoo.feature;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stores in processes of their own: with little memory, killed, and as users have them, without Hadoop. */
final class FeatureProcessTest {
    private static final int F = 384;

    @TempDir
    private Path folder;

    /** The classes a user has: Hadoop's are here for the tests alone. */
    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("hadoop-client"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private Process start(String heap, Path out, int images, int part) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx" + heap, "-XX:+UseSerialGC", "-cp", classPath(), Photos.class.getName()));
        command.addAll(List.of(out.toString(), "" + images, "" + part, "" + F));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log.txt").toFile())
                .start();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.npy", "a.safetensors", "a.parquet"})
    void memoryDoesNotGrowWithTheNumberOfImages(String name) throws Exception {
        Path out = folder.resolve(name);
        Process process = start("16m", out, 25_000, 250); // 20,000 rows of 1536 bytes are 30 MB
        assertTrue(process.waitFor(5, TimeUnit.MINUTES));
        assertEquals(0, process.exitValue(), Files.readString(folder.resolve("log.txt")));
        assertTrue(Files.size(out) > 20_000L * F * 4);
        if (name.equals("a.npy")) {
            float[] values = ReadBack.npy(out).values();
            assertEquals(20_000 * F, values.length);
            assertEquals(Photos.value(24_998, F - 1), values[values.length - 1]); // image 24,999 is unreadable
            assertEquals(20_001, ReadBack.csv(folder.resolve("a.npy.csv")).size());
        }
        if (name.equals("a.parquet")) {
            ReadBack.Table table = ReadBack.parquet(out);
            assertEquals(100, table.rowGroups().size());
            FeatureRow last = table.rows().get(19_999);
            assertEquals(Photos.path(24_998), last.path());
            assertArrayEquals(Photos.row(24_998, 2, 3, F).values(), last.values());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"npy", "parquet"})
    void aKilledRunGoesOn(String extension) throws Exception {
        int images = 1_000;
        Path out = folder.resolve("killed." + extension);
        for (int kill = 1; kill <= 3; kill++) {
            Process process = start("64m", out, images, 10);
            Path reached = folder.resolve("killed." + extension + ".parts/part-%08d.json".formatted(kill * 20));
            while (process.isAlive() && !Files.exists(reached)) {
                Thread.sleep(1);
            }
            process.destroyForcibly().waitFor();
            assertNotEquals(0, process.exitValue(), "the run was over before it was killed");
        }
        Photos.extract(out, images, 10, F);
        Path whole = folder.resolve("whole." + extension);
        Photos.extract(whole, images, 10, F);
        assertEquals(-1, Files.mismatch(whole, out));
    }

    @Test
    void anotherProcessIsKeptOut() throws Exception {
        Path out = folder.resolve("a.npy");
        FeatureLayout layout = new FeatureLayout(FeatureLayout.Kind.POOLED, F);
        try (FeatureStore store = FeatureStore.open(out, layout, Photos.SETTINGS, false, false)) {
            assertThrows(
                    IOException.class,
                    () -> FeatureStore.open(out, layout, Photos.SETTINGS, false, false)); // frees nothing
            Process process = start("64m", out, 10, 10);
            assertTrue(process.waitFor(1, TimeUnit.MINUTES));
            String log = Files.readString(folder.resolve("log.txt"));
            assertNotEquals(0, process.exitValue());
            assertTrue(log.contains("another run is writing here"), log);
            Photos.appendPart(store, 10, F);
            store.finish();
        }
        assertEquals(8, ReadBack.npy(out).shape()[0]);
    }
}
