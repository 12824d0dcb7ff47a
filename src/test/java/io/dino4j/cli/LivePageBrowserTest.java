package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The live page in a real browser. */
@Tag("process")
final class LivePageBrowserTest {
    private static final Pattern ADDRESS = Pattern.compile("live page: (http://127\\.0\\.0\\.1:\\d+/)");
    private static final long PATIENCE_NS = 60_000_000_000L;
    private static final long POLL_MS = 50;

    /** Points of the curve of a chart; 0 if it is not there. */
    private static final String POINTS =
            "((key) => document.querySelector(`figure[data-chart=\"${key}\"] path.line`)?.getAttribute('d').split('L').length ?? 0)";

    /** True if there are so many pictures below an element, and all are decoded. */
    private static final String PICTURES =
            """
            ((id, count) => {
              const all = [...document.querySelectorAll(`#${id} img`)];
              return all.length === count && all.every((i) => i.complete && i.naturalWidth > 0 && i.alt !== '');
            })
            """;

    @TempDir
    private Path dir;

    private static URI address(RunningProcess process) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE_NS;
        while (true) {
            Matcher line = ADDRESS.matcher(process.log());
            if (line.find()) {
                return URI.create(line.group(1));
            }
            assertTrue(process.isAlive() && System.nanoTime() < end, process::log);
            Thread.sleep(POLL_MS);
        }
    }

    private static void requireNoComplaint(Chromium browser, URI page) {
        assertEquals(List.of(), browser.complaints());
        browser.requests().stream()
                .filter(r -> !"data".equals(r.getScheme()) && !"about".equals(r.getScheme()))
                .forEach(r -> assertEquals(page.getAuthority(), r.getAuthority(), "asked elsewhere: " + r));
        assertTrue(browser.requests().size() > 5, "requests are seen");
    }

    @Test
    void aRunShowsItself() throws Exception {
        Path images = TinyRun.classes(dir.resolve("images"), 12, 0);
        try (Chromium browser = Chromium.start(dir.resolve("browser"));
                RunningProcess run = RunningProcess.start(
                        dir.resolve("run.log"),
                        "pretrain",
                        "--serve=0",
                        "--images",
                        images,
                        "--config",
                        TinyRun.config(dir),
                        "--out",
                        dir.resolve("run"),
                        "--epochs",
                        20_000,
                        "--set",
                        "train.saveckp_freq=1000",
                        "--set",
                        "evaluation.eval_period_iterations=50")) {
            URI page = address(run);
            browser.open(page);
            browser.await("curves", POINTS + "('loss') > 20");
            for (String chart : List.of("ibot_loss", "koleo_loss", "Gradient norm by part", "momentum", "knn")) {
                browser.await(chart, POINTS + "('" + chart + "') >= 2");
            }
            browser.await("crops", PICTURES + "('crop-images', 12)"); // 3 images, 2 global and 2 local crops of each
            browser.await("patch features", PICTURES + "('patch-images', 8)"); // 4 images and their features
            long step = step(browser);
            browser.await(
                    "further steps", "document.querySelector('#tiles dd').textContent.replaceAll(',', '') > " + step);
            assertEquals(
                    "run",
                    browser.value("document.getElementById('name').textContent").asText());
            assertTrue(browser.value("document.getElementById('command').textContent")
                    .asText()
                    .contains("--serve=0"));
            valuesCanBeReadWithTheKeyboard(browser);
            requireNoComplaint(browser, page);

            assertEquals(RunningProcess.TERMINATED, run.terminate(), run::log);
            browser.await(
                    "word of the end",
                    "document.getElementById('status').textContent === 'connection lost'"
                            + " && !document.getElementById('trouble').hidden");
        }
    }

    private static long step(Chromium browser) throws Exception {
        String text =
                browser.value("document.querySelector('#tiles dd').textContent").asText();
        return Long.parseLong(text.replace(",", ""));
    }

    private static void valuesCanBeReadWithTheKeyboard(Chromium browser) throws Exception {
        browser.value("document.querySelector('figure[data-chart=\"loss\"] svg').focus()");
        browser.press("Home");
        JsonNode first = browser.value("document.querySelector('figure[data-chart=\"loss\"] .tip').textContent");
        assertTrue(first.asText().matches("step 0\\d+\\.\\d+.*"), first::asText);
        browser.press("ArrowRight");
        JsonNode second = browser.value("document.querySelector('figure[data-chart=\"loss\"] .tip').textContent");
        assertTrue(second.asText().matches("step [1-9].*"), second::asText);
        browser.press("Escape");
        assertTrue(browser.value("document.querySelector('figure[data-chart=\"loss\"] .tip').hidden")
                .asBoolean());
    }

    @Test
    void aRunThatIsOverIsShownFromItsFiles() throws Exception {
        Path run = finishedRun(dir.resolve("done"), 3000);
        Map<String, byte[]> before = contents(run);
        try (Chromium browser = Chromium.start(dir.resolve("browser"));
                RunningProcess watch = RunningProcess.start(dir.resolve("watch.log"), "watch", run, "--port=0")) {
            URI page = address(watch);
            browser.open(page);
            browser.await("a thinned curve", POINTS + "('loss') > 500");
            assertTrue(
                    browser.value("document.querySelectorAll('figure[data-chart=\"loss\"] path.band').length === 1")
                            .asBoolean(),
                    "a band from the smallest to the largest value");
            assertEquals(
                    "finished",
                    browser.value("document.getElementById('status').textContent")
                            .asText());
            assertTrue(browser.value("!!document.querySelector('#sentinel figure[data-chart=\"teacher_entropy\"]')")
                    .asBoolean());
            assertTrue(
                    browser.value("!!document.querySelector('#other figure[data-chart=\"<b>wobble</b>\"]')")
                            .asBoolean(),
                    "a metric of an unknown name is shown");
            assertEquals(
                    0,
                    browser.value("document.querySelectorAll('main figcaption .title b').length")
                            .asInt());
            assertTrue(browser.value(
                            "document.getElementById('crops').hidden && !document.getElementById('no-pictures').hidden")
                    .asBoolean());
            String tiles = browser.value("document.getElementById('tiles').textContent")
                    .asText();
            assertTrue(tiles.contains("Sentinelbeyond a limitFeature deviation, went back once"), tiles);
            assertTrue(browser.value("!!document.querySelector('figure[data-chart=\"feature_std\"] line.cref')")
                    .asBoolean());
            assertEquals(
                    "step 9: <i>bad</i>: went back to step 4, learning rate times 0.5",
                    browser.value("document.getElementById('message-list').textContent")
                            .asText());
            requireNoComplaint(browser, page);
        }
        Map<String, byte[]> after = contents(run);
        assertEquals(before.keySet(), after.keySet());
        after.forEach((name, bytes) -> assertArrayEquals(before.get(name), bytes, name));
    }

    private static Path finishedRun(Path folder, int steps) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve("config.yaml"),
                ConfigLayers.defaults()
                        .overrides(List.of("optim.epochs=" + steps, "train.OFFICIAL_EPOCH_LENGTH=1"))
                        .resolve()
                        .toYaml());
        Files.writeString(folder.resolve("run.json"), "{\"command\":\"dino4j pretrain\",\"versions\":{}}");
        Files.writeString(
                folder.resolve("rollbacks.json"),
                "[{\"from\":9,\"to\":4,\"lrFactor\":0.5,\"reason\":\"step 9: <i>bad</i>\"}]");
        try (MetricsLog log = MetricsLog.open(folder.resolve("metrics.jsonl"), 0)) {
            for (int i = 0; i < steps; i++) {
                Map<String, Double> values = new LinkedHashMap<>();
                values.put("loss", 5 + Math.sin(i));
                values.put("<b>wobble</b>", (double) i);
                if (i % 10 == 0) {
                    values.put("teacher_entropy", 1.0);
                    values.put("feature_std", i < 2000 ? 0.5 : 1e-9);
                }
                log.write(i, values);
            }
        }
        return folder;
    }

    private static Map<String, byte[]> contents(Path folder) throws IOException {
        Map<String, byte[]> contents = new LinkedHashMap<>();
        try (var files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                contents.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return contents;
    }
}
