package io.dino4j.examples.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class VectorBenchmarkTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    private int run(String... args) {
        return new CommandLine(BenchmarkCommand.class)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((e, c, r) -> {
                    c.getErr().print(e.getMessage());
                    return 2;
                })
                .execute(args);
    }

    @Test
    void figuresAreWholeAndNothingStays() throws Exception {
        String dir = folder.toString();
        assertEquals(
                0,
                run(
                        ("vectors --n 3000 --dimension 24 --queries 100 --clusters 20 --iterations 3 --probes 2,20 --json --dir "
                                        + dir)
                                .split(" ")),
                err.toString());
        assertEquals(1, out.toString().strip().lines().count());
        JsonNode measured = new ObjectMapper().readTree(out.toString()).get("measured");
        double[] graphs = new double[2];
        int at = 0;
        for (JsonNode line : measured) {
            assertTrue(line.get("seconds").asDouble() >= 0);
            if (line.get("what").asText().startsWith("4-NN graph within")) {
                graphs[at++] = line.get("recall").asDouble();
            }
        }
        assertEquals(2, at);
        assertTrue(graphs[0] < graphs[1], "recall within 2 and 20 clusters: %s, %s".formatted(graphs[0], graphs[1]));
        assertEquals(1, graphs[1], 2e-3); // all clusters, up to neighbours of nearly equal similarity
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void impossibleSizesAreRefused() {
        assertEquals(2, run("vectors", "--n", "100", "--clusters", "101"));
        assertTrue(err.toString().contains("--clusters at most --n"), err.toString());
    }

    /** Row i does not depend on how many there are, and a planted copy is near to its original. */
    @Test
    void rowsAreOfLengthOneAndCopiesNear() {
        SyntheticVectors made = new SyntheticVectors(64, 5);
        float[] copy = new float[64];
        float[] original = new float[64];
        for (int i = 9; i < 2000; i += SyntheticVectors.DUPLICATE_EVERY) {
            assertTrue(SyntheticVectors.isDuplicate(i));
            made.row(i, copy, 0);
            made.row(made.original(i), original, 0);
            double product = 0;
            double square = 0;
            for (int j = 0; j < 64; j++) {
                product += copy[j] * original[j];
                square += copy[j] * copy[j];
            }
            assertEquals(1, square, 1e-5);
            assertEquals(made.cosine(i), product, 1e-5);
        }
    }
}
