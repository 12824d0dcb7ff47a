package io.dino4j.examples.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.source.RenderedShapes;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class DataBenchmarkTest {
    @Test
    void everyStageIsToldByItself(@TempDir Path folder) throws Exception {
        RenderedShapes shapes = RenderedShapes.draw("train", 4, 40, 1);
        for (int i = 0; i < 4; i++) {
            Files.write(folder.resolve(i + ".jpg"), ImageEncoder.jpeg(shapes.read(i)));
        }
        StringWriter out = new StringWriter();
        int code = new CommandLine(BenchmarkCommand.class)
                .setOut(new PrintWriter(out))
                .execute("data", "--images", folder.toString(), "--batch", "2", "--rounds", "1", "--json");
        assertEquals(0, code);
        JsonNode stages = new ObjectMapper().readTree(out.toString()).get("milliseconds");
        List<String> names = new ArrayList<>();
        double sum = 0;
        for (var stage : stages.properties()) {
            names.add(stage.getKey());
            sum += stage.getValue().asDouble();
        }
        assertEquals(
                List.of(
                        "read",
                        "decode",
                        "crop and resize",
                        "flip",
                        "colour jitter",
                        "gray",
                        "blur",
                        "solarize",
                        "normalise and write"),
                names);
        assertTrue(sum > 0);
    }
}
