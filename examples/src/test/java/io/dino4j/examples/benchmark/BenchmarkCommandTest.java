package io.dino4j.examples.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The smallest backbone through the whole command, the second process included. */
final class BenchmarkCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        CommandLine command = new CommandLine(BenchmarkCommand.class)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((e, c, r) -> {
                    c.getErr().print(e.getMessage());
                    return 2;
                });
        return command.execute(args);
    }

    @Test
    void jsonHoldsBothNetworks() throws Exception {
        assertEquals(
                0, run("train", "--preset", "nano", "--batch", "2", "--runs", "2", "--against", "stock", "--json"));
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertEquals(1, out.toString().strip().lines().count());
        assertEquals("train", json.get("mode").asText());
        assertEquals(2, json.at("/dino4j/seconds").size());
        for (String network : new String[] {"dino4j", "stock"}) {
            double images = json.at("/" + network + "/images_per_second").asDouble();
            assertEquals(2 / json.at("/" + network + "/seconds_median").asDouble(), images, 1e-6 * images);
            assertEquals(
                    images * json.get("gflop_per_image").asDouble(),
                    json.at("/" + network + "/gflops").asDouble(),
                    1e-3 * images);
        }
        assertTrue(json.get("speedup").asDouble() > 0);
    }

    @Test
    void peopleGetATable() {
        assertEquals(0, run("forward", "--preset", "nano", "--batch", "2", "--runs", "1", "--profile"));
        String table = out.toString();
        assertTrue(table.startsWith("nano, forward, batch 2, 32 x 32, f32"), table);
        assertTrue(table.lines().anyMatch(l -> l.startsWith("dino4j ")), table);
        assertTrue(table.lines().anyMatch(l -> l.startsWith("dino_attention") && l.contains(" 4 ")), table);
        assertFalse(table.contains("stock"), table);
    }

    @Test
    void recomputationSavesMemory() throws Exception {
        long kept = intermediateBytes("train", "--preset", "nano", "--batch", "8", "--runs", "1", "--json");
        long again =
                intermediateBytes("train", "--preset", "nano", "--batch", "8", "--runs", "1", "--json", "--recompute");
        assertTrue(2 * again < kept, again + " of " + kept);
    }

    private long intermediateBytes(String... args) throws Exception {
        out.getBuffer().setLength(0);
        assertEquals(0, run(args), err.toString());
        return new ObjectMapper()
                .readTree(out.toString())
                .at("/dino4j/intermediate_bytes")
                .asLong();
    }

    @Test
    void aStepIsProfiled() throws Exception {
        assertEquals(
                0,
                run(
                        "step",
                        "--preset",
                        "nano",
                        "--batch",
                        "2",
                        "--prototypes",
                        "64",
                        "--set",
                        "student.drop_path_rate=0.2",
                        "--runs",
                        "1",
                        "--profile",
                        "--json"));
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertEquals("step", json.get("mode").asText());
        double flops = 0;
        double share = 0;
        boolean sinkhorn = false;
        for (JsonNode line : json.get("profile")) {
            flops += line.get("gflops").asDouble() * line.get("millis").asDouble() / 1e3;
            share += line.get("share").asDouble();
            sinkhorn |= line.get("op").asText().equals("dino_sinkhorn");
            assertTrue(line.get("of_roof").asDouble() > 0, line.toString());
        }
        assertTrue(sinkhorn);
        assertEquals(1, share, 1e-9);
        assertEquals(2 * json.get("gflop_per_image").asDouble(), flops, 1e-6 * flops);
    }

    @Test
    void activationsOfHalfTheSizeTakeLessMemory() throws Exception {
        long[] bytes = new long[2];
        for (String precision : List.of("f32", "bf16")) {
            out.getBuffer().setLength(0);
            assertEquals(
                    0,
                    run(
                            "train",
                            "--preset",
                            "nano",
                            "--batch",
                            "16",
                            "--runs",
                            "1",
                            "--precision",
                            precision,
                            "--json"));
            JsonNode json = new ObjectMapper().readTree(out.toString());
            assertEquals(precision, json.get("precision").asText());
            bytes[precision.equals("f32") ? 0 : 1] =
                    json.get("dino4j").get("intermediate_bytes").asLong();
        }
        assertTrue(bytes[1] < 0.65 * bytes[0], bytes[1] + " of " + bytes[0]);
    }

    @Test
    void otherPrecisionsAreRefused() {
        assertEquals(2, run("forward", "--precision", "f16"));
        assertTrue(err.toString().contains("--precision"), err.toString());
        assertTrue(err.toString().contains("F32, BF16"), err.toString());
    }
}
