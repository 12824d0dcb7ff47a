package io.dino4j.train.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EvaluationReportTest {
    private static Evaluation evaluation(String protocol, String subject, long right) {
        return new Evaluation(
                protocol,
                subject,
                "abc",
                Map.of("images", "10"),
                Map.of("seed", "0"),
                List.of(Metric.ofShare("top-1", right, 10)),
                List.of(
                        new Figure.Curve("Accuracy over k", "k", "accuracy", new double[] {1, 20}, new double[] {0, 1}),
                        new Figure.Bars("By class", List.of("cat", "dog"), new double[] {0.5, 1}),
                        new Figure.Matrix(
                                "Confusion", "true", "predicted", List.of("cat", "dog"), new long[][] {{3, 2}, {0, 5}}),
                        new Figure.Table("Numbers", List.of("n"), List.of(List.of("<1>"))),
                        new Figure.Gallery(
                                "Found", List.of(new Figure.Panel("a & b", List.of(new Image(1, 1, new byte[3])))))));
    }

    private final EvaluationReport report = new EvaluationReport(
            "Test",
            "./dino4j evaluate",
            Map.of("java", "17"),
            List.of(evaluation("k-NN", "ours", 8), evaluation("linear", "ours", 10), evaluation("k-NN", "a|b <i>", 0)));

    @Test
    void tablesHaveSubjectsAsRows() {
        String expected =
                """
                **Summary**

                | features | k-NN, top-1 | linear, top-1 |
                | --- | ---: | ---: |
                | ours | 80.0% (49.0-94.3) | 100.0% (72.2-100.0) |
                | a\\|b <i> | 0.0% (0.0-27.8) |  |

                **k-NN**

                | features | top-1 |
                | --- | ---: |
                | ours | 80.0% (49.0-94.3) |
                | a\\|b <i> | 0.0% (0.0-27.8) |

                **linear**

                | features | top-1 |
                | --- | ---: |
                | ours | 100.0% (72.2-100.0) |

                In brackets: 95% confidence intervals.
                """;
        assertEquals(expected, report.markdown());
    }

    @Test
    void jsonHasNumbersAndFiguresButNoPictures() throws IOException {
        JsonNode first =
                new ObjectMapper().readTree(report.json()).path("evaluations").path(0);
        JsonNode metric = first.path("metrics").path(0);
        assertEquals(0.8, metric.path("value").asDouble());
        assertEquals(0.490162, metric.path("low").asDouble(), 1e-6);
        assertEquals("share", metric.path("scale").asText());
        assertEquals(4, first.path("figures").size());
        assertEquals("curve", first.path("figures").path(0).path("kind").asText());
        assertEquals(20, first.path("figures").path(0).path("xs").path(1).asDouble());
        assertEquals(
                2, first.path("figures").path(2).path("counts").path(0).path(1).asInt());
    }

    @Test
    void filesAreWrittenAndThePageEscapes(@TempDir Path dir) throws IOException {
        report.write(dir.resolve("new/results"));
        String page = Files.readString(dir.resolve("new/results/report.html"));
        assertFalse(page.contains("a|b <i>"));
        assertTrue(page.contains("a|b &lt;i&gt;") && page.contains("&lt;1&gt;") && page.contains("a &amp; b"));
        assertEquals(report.json(), Files.readString(dir.resolve("new/results/results.json")));
        assertEquals(report.markdown(), Files.readString(dir.resolve("new/results/results.md")));
    }

    @Test
    void nothingMeasuredIsAnError() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new Evaluation("k-NN", "ours", "", Map.of(), Map.of(), List.of(), List.of()));
        assertThrows(IllegalArgumentException.class, () -> new EvaluationReport("", "", Map.of(), List.of()));
    }
}
