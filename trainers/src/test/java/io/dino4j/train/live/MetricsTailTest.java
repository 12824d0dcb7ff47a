package io.dino4j.train.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MetricsTailTest {
    @TempDir
    private Path dir;

    private static JsonNode ask(MetricsTail tail, String generation, long from) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new ObjectMapper().createGenerator(text)) {
            json.writeStartObject();
            tail.write(json, generation, from);
            json.writeEndObject();
        }
        return new ObjectMapper().readTree(text.toString());
    }

    private static void write(Path file, long from, long to, double loss) throws IOException {
        try (MetricsLog log = MetricsLog.open(file, from)) {
            for (long i = from; i < to; i++) {
                log.write(i, Map.of("loss", loss, "images_per_second", 10.0));
            }
        }
    }

    @Test
    void onlyWhatIsNewIsReadAndSent() throws IOException {
        Path file = dir.resolve("metrics.jsonl");
        MetricsTail tail = new MetricsTail(file);
        assertEquals(0, tail.position().step(), "no file yet");
        assertEquals(0, ask(tail, "", 0).path("steps").size());
        write(file, 0, 3, 1);
        JsonNode first = ask(tail, "", 0);
        assertEquals("[0,1,2]", first.path("steps").toString());
        assertEquals(2, first.path("next").asLong());
        write(file, 3, 5, 2);
        Files.writeString(file, "{\"step\":5,\"lo", StandardOpenOption.APPEND); // being written
        JsonNode second =
                ask(tail, first.path("generation").asText(), first.path("next").asLong());
        assertEquals(first.path("generation"), second.path("generation"));
        assertEquals("[2,3,4]", second.path("steps").toString());
        assertEquals(
                "[1.0,2.0,2.0]",
                second.path("metrics").path("loss").path("mean").toString());
        Files.writeString(file, "ss\":3.0}\n", StandardOpenOption.APPEND);
        assertEquals(
                "[5]",
                ask(tail, second.path("generation").asText(), 5).path("steps").toString());
        assertEquals(new MetricsTail.Position(6, 10), tail.position());
    }

    /** A run that is gone on with has cut the file and grown it beyond what was read before. */
    @Test
    void aFileThatWasCutIsReadAgain() throws IOException {
        Path file = dir.resolve("metrics.jsonl");
        MetricsTail tail = new MetricsTail(file);
        write(file, 0, 10, 1);
        String before = ask(tail, "", 0).path("generation").asText();
        write(file, 4, 20, 2);
        JsonNode after = ask(tail, before, 9);
        assertNotEquals(before, after.path("generation").asText());
        assertEquals(0, after.path("from").asLong(), "everything is sent");
        JsonNode loss = after.path("metrics").path("loss").path("mean");
        assertEquals(20, loss.size());
        assertEquals(1, loss.get(3).asDouble());
        assertEquals(2, loss.get(4).asDouble());
        write(file, 2, 3, 3);
        assertEquals(3, tail.position().step(), "a file that is shorter");
    }
}
