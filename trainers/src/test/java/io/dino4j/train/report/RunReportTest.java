package io.dino4j.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.image.Image;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.metrics.MetricsLog;
import io.dino4j.zoo.PatchFeatures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RunReportTest {
    @Test
    void thePageStandsAloneAndEscapesEverything(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("report.html");
        report("<b>\"run\" & 'me'</b>").write(file);
        String html = Files.readString(file);
        assertTrue(html.contains("&lt;b&gt;&quot;run&quot; &amp; &#39;me&#39;&lt;/b&gt;"));
        assertFalse(html.contains("<b>\"run"));
        assertFalse(html.contains("http"), "nothing is fetched");
        assertFalse(html.contains("<script"));
        assertEquals(6, html.split("data:image/png;base64,", -1).length - 1, "3 images and their features");
        assertTrue(html.contains("61.3 %") && html.contains("raw pixels"));
        assertTrue(html.contains("<li>step 812: koleo_loss is &lt;Infinity&gt;</li>"));
        assertFalse(html.contains("NaN"), "values that are not finite leave no trace");
    }

    @Test
    void anEmptyRunStillMakesAPage() throws IOException {
        String html = new RunReport("t", "c", "", Map.of(), List.of(), List.of(), List.of(), Optional.empty()).html();
        assertTrue(html.contains("No step was recorded"));
    }

    @Test
    void numbersAreShort() {
        assertEquals("0.01234", LineChart.number(0.0123412));
        assertEquals("1.00e-06", LineChart.number(1e-6));
        assertEquals("1250", LineChart.number(1250));
        assertEquals("0.04", LineChart.number(0.04));
        assertEquals("1", LineChart.number(0.9999999));
        assertEquals("5.545", LineChart.number(5.5451774));
    }

    @Test
    void sizesThatDoNotFitAreNamed() {
        List<Image> one = List.of(new Image(1, 1, new byte[3]));
        assertThrows(IllegalArgumentException.class, () -> new PatchSamples(one, List.of()));
        assertThrows(IllegalArgumentException.class, () -> new PatchSamples(List.of(), List.of()));
    }

    private static RunReport report(String title) {
        SplittableRandom random = new SplittableRandom(3);
        List<MetricsLog.Record> metrics = new ArrayList<>();
        for (int step = 0; step < 1500; step++) {
            Map<String, Double> values = new LinkedHashMap<>();
            values.put("total_loss", 8 * Math.exp(-step / 500.0) + 3 + 0.2 * random.nextDouble());
            values.put("dino_local_crops_loss", 5.5 * Math.exp(-step / 700.0) + 0.1 * random.nextDouble());
            values.put("ibot_loss", step == 7 ? Double.NaN : 2.7 * Math.exp(-step / 900.0));
            values.put("koleo_loss", 0.3 * Math.exp(-step / 300.0) - 0.1);
            values.put("lr", 3e-3 * Math.min(1, step / 100.0) * (1 + Math.cos(Math.PI * step / 1500)) / 2);
            values.put("momentum", 1 - 0.01 * (1 + Math.cos(Math.PI * step / 1500)));
            values.put("teacher_temp", 0.04);
            values.put("grad_norm.backbone", 1 + random.nextDouble());
            if (step % 300 == 299) {
                values.put("knn", 0.27 + 0.00022 * step);
            }
            metrics.add(new MetricsLog.Record(step, values));
        }
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("dino4j", "0.1.0");
        versions.put("java", System.getProperty("java.version"));
        return new RunReport(
                title,
                "dino4j pretrain --preset nano optim.epochs=15",
                ConfigLayers.defaults().preset("nano").resolve().toYaml(),
                versions,
                List.of("step 812: koleo_loss is <Infinity>"),
                metrics,
                List.of(
                        new RunReport.Accuracy("raw pixels", Map.of(10, 0.385, 20, 0.381)),
                        new RunReport.Accuracy("before training", Map.of(10, 0.268, 20, 0.272)),
                        new RunReport.Accuracy("after training", Map.of(10, 0.613, 20, 0.607))),
                Optional.of(patches(random)));
    }

    /** Three images of a disc on a gradient; features follow what a patch shows. */
    private static PatchSamples patches(SplittableRandom random) {
        int size = 32;
        int grid = 8;
        int channels = 16;
        float[][] features = new float[3][grid * grid * channels];
        byte[][] rgb = new byte[3][size * size * 3];
        for (int i = 0; i < 3; i++) {
            for (int p = 0; p < size * size; p++) {
                boolean disc = Math.hypot(p % size - 10 - 5 * i, p / size - 16) < 8;
                rgb[i][3 * p] = (byte) (disc ? 220 : p % size * 4);
                rgb[i][3 * p + 1] = (byte) (disc ? 90 : 120);
                rgb[i][3 * p + 2] = (byte) (disc ? 40 : p / size * 6);
                int patch = p / size / 4 * grid + p % size / 4;
                for (int c = 0; c < channels; c++) {
                    features[i][patch * channels + c] +=
                            (float) ((disc ? Math.sin(c) : Math.cos(2 * c) * p / 1024) + 0.3 * random.nextDouble());
                }
            }
        }
        List<Image> images =
                Arrays.stream(rgb).map(bytes -> new Image(size, size, bytes)).toList();
        List<PatchFeatures> all = Arrays.stream(features)
                .map(f -> new PatchFeatures(grid, grid, channels, new float[channels], f))
                .toList();
        return new PatchSamples(images, all);
    }
}
