package io.dino4j.examples.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class ScalingBenchmarkTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    private int run(String args) {
        return new CommandLine(BenchmarkCommand.class)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((e, c, r) -> {
                    c.getErr().print(e.getMessage());
                    return 2;
                })
                .execute(args.split(" "));
    }

    @Test
    void constantsComeFromAFileAndCurvesGoToAPage() throws Exception {
        Path constants =
                Files.writeString(folder.resolve("c.json"), "{\"computeSpread\": 0, \"latencySeconds\": 0.001}");
        Path page = folder.resolve("page.html");
        Path used = folder.resolve("used.json");
        String common = "scaling --presets nano --network 1 --gradients bf16 --workers 3,4 --json";
        assertEquals(
                0,
                run(common + " --constants " + constants + " --out " + page + " --out-constants " + used),
                err.toString());
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertEquals(0, json.get("machine").get("computeSpread").asDouble());
        assertEquals(0.001, json.get("machine").get("latencySeconds").asDouble());
        assertEquals(json.get("machine"), new ObjectMapper().readTree(Files.readString(used)));
        JsonNode points = json.get("curves").get(0).get("points");
        assertEquals(
                "[1, 2, 3, 4]",
                StreamSupport.stream(points.spliterator(), false)
                        .map(p -> p.get("workers").asText())
                        .toList()
                        .toString());
        for (JsonNode p : points) {
            double formula = p.get("worker_sends_bytes_by_formula").asDouble();
            assertEquals(1, p.get("worker_sends_bytes").asDouble() / formula, 0.05);
            assertTrue(p.get("efficiency").asDouble() > 0 && p.get("efficiency").asDouble() <= 1);
        }
        assertTrue(Files.readString(page).contains("<svg"));
    }

    @Test
    void whatIsNoConstantIsNamed() throws Exception {
        Path constants = Files.writeString(folder.resolve("c.json"), "{\"flops\": 1}");
        assertEquals(2, run("scaling --presets nano --constants " + constants));
        assertTrue(err.toString().contains("'flops' is not a constant"), err.toString());
        assertEquals(2, run("scaling --workers 0"));
        assertTrue(err.toString().contains("--workers must be 1 to 4096"), err.toString());
        assertEquals(2, run("scaling --presets nano --gradients f8"));
        assertTrue(err.toString().contains("--gradients is f8"), err.toString());
    }
}
