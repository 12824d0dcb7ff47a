package io.dino4j.train.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class MetricBucketsTest {
    private static JsonNode written(MetricBuckets buckets, long from) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new ObjectMapper().createGenerator(text)) {
            json.writeStartObject();
            buckets.write(json, from);
            json.writeEndObject();
        }
        return new ObjectMapper().readTree(text.toString());
    }

    @Test
    void aLongRunStaysSmallAndLosesNoPeak() throws IOException {
        MetricBuckets buckets = new MetricBuckets();
        int steps = 100_000;
        for (int i = 0; i < steps; i++) {
            buckets.add(new MetricsLog.Record(i, Map.of("loss", i == 77_777 ? 1e6 : i, "rare", (double) i)));
        }
        assertEquals(128, buckets.width());
        JsonNode all = written(buckets, 0);
        int count = all.path("steps").size();
        assertEquals((steps + 127) / 128, count);
        assertTrue(count <= MetricBuckets.MOST);
        JsonNode loss = all.path("metrics").path("loss");
        assertEquals(63.5, loss.path("mean").get(0).asDouble(), "mean of 0 to 127");
        assertEquals(0, loss.path("min").get(0).asDouble());
        assertEquals(127, loss.path("max").get(0).asDouble());
        int peak = 77_777 / 128;
        assertEquals(1e6, loss.path("max").get(peak).asDouble());
        assertEquals(128L * peak, loss.path("min").get(peak).asDouble());
        assertEquals(99_999, loss.path("max").get(count - 1).asDouble(), "a bucket that is not full");
        assertTrue(
                all.toString().length() < 150_000,
                "bytes of an answer: " + all.toString().length());

        JsonNode end = written(buckets, buckets.last());
        assertEquals(1, end.path("steps").size());
        assertEquals(buckets.last(), end.path("steps").get(0).asLong());
    }

    @Test
    void whatIsMissingOrNotFiniteIsNull() throws IOException {
        MetricBuckets buckets = new MetricBuckets();
        buckets.add(new MetricsLog.Record(0, Map.of("loss", 1.5)));
        buckets.add(new MetricsLog.Record(3, Map.of("loss", Double.NaN, "probe", 0.25)));
        JsonNode all = written(buckets, 0);
        assertEquals("[0,1,2,3]", all.path("steps").toString());
        assertEquals(
                "{\"mean\":[1.5,null,null,null]}",
                all.path("metrics").path("loss").toString());
        assertEquals(
                "{\"mean\":[null,null,null,0.25]}",
                all.path("metrics").path("probe").toString());
        assertFalse(all.toString().contains("NaN"));
    }
}
