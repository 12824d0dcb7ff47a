package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.source.RenderedShapes;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.weights.NamingScheme;
import io.dino4j.zoo.weights.WeightType;
import io.dino4j.zoo.weights.WeightsExport;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

/** {@code ./dino4j serve} in a process of its own, its page in a real browser, and what the command refuses. */
@Tag("process")
final class SearchPageTest {
    private static final Pattern ADDRESS =
            Pattern.compile("image search: (http://127\\.0\\.0\\.1:\\d+/) of (\\d+) images");
    private static final long PATIENCE_NS = 60_000_000_000L;
    private static final long POLL_MS = 50;
    private static final VitConfig VIT = new VitConfig(12, 4, 16, 2, 2, 2, Ffn.MLP, 0, 0.5, 0.1, false);

    /** True if there are so many pictures below an element, all decoded and named. */
    private static final String PICTURES =
            """
            ((id, count) => {
              const all = [...document.querySelectorAll(`#${id} img`)];
              return all.length === count && all.every((i) => i.complete && i.naturalWidth > 0 && i.alt !== '');
            })
            """;

    @TempDir
    private Path dir;

    private Path photos;
    private Path weights;

    @BeforeEach
    void draw() throws IOException {
        photos = TinyRun.pictures(dir.resolve("photos"), 8);
        weights = dir.resolve("tiny.safetensors");
        ParameterVector values = ParameterVector.zeros(ParameterLayout.of(VIT.parameters()), DataType.FLOAT);
        Initialization.fill(values, new Initialization.Spread(0.5, 0.3, 0.3, 0.3), 1);
        new WeightsExport(NamingScheme.OFFICIAL, WeightType.FLOAT32).write(weights, VIT, values.views(""));
    }

    private RunningProcess serve(String log) throws IOException {
        return RunningProcess.start(
                dir.resolve(log),
                "serve",
                "--images",
                photos,
                "--weights",
                weights,
                "--heads",
                2,
                "--port",
                0,
                "--index",
                dir.resolve("index"));
    }

    private static URI address(RunningProcess process) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE_NS;
        while (true) {
            Matcher line = ADDRESS.matcher(process.log());
            if (line.find()) {
                assertEquals("8", line.group(2));
                return URI.create(line.group(1));
            }
            assertTrue(process.isAlive() && System.nanoTime() < end, process::log);
            Thread.sleep(POLL_MS);
        }
    }

    @Test
    void picturesPatchesAndAnImageOfOnesOwn() throws Exception {
        try (Chromium browser = Chromium.start(dir.resolve("browser"));
                RunningProcess server = serve("serve.log")) {
            URI page = address(server);
            browser.open(page);
            browser.await("the set", PICTURES + "('tiles', 8)");
            assertEquals(
                    "photos",
                    browser.value("document.getElementById('name').textContent").asText());
            browser.value("document.querySelector('#tiles a').click()");
            browser.await("the nearest", PICTURES + "('results', 7) && " + PICTURES + "('stage', 1)");
            aPatchIsChosenWithTheKeyboard(browser);
            browser.value("document.getElementById('colors').click()");
            browser.await("colours", "document.querySelector('#stage img').src.includes('/pca.png')");
            anImageIsDropped(browser);
            browser.value("location.hash = '#/duplicates'");
            browser.await("near-duplicates", "document.getElementById('duplicates-state').textContent !== ''");
            assertEquals(List.of(), browser.complaints());
            browser.requests().stream()
                    .filter(r -> !List.of("data", "about", "blob").contains(String.valueOf(r.getScheme())))
                    .forEach(r -> assertEquals(page.getAuthority(), r.getAuthority(), "asked elsewhere: " + r));

            assertEquals(RunningProcess.TERMINATED, server.terminate(), server::log);
            assertTrue(Files.exists(dir.resolve("index/segment-000001/rows.json")));
            try (var files = Files.walk(dir.resolve("index"))) {
                assertEquals(
                        List.of(),
                        files.filter(f -> f.toString().endsWith(".part")).toList());
            }
        }
    }

    private static void aPatchIsChosenWithTheKeyboard(Chromium browser) throws Exception {
        browser.value("document.querySelector('#stage .picker').focus()");
        browser.press("ArrowLeft");
        browser.press("ArrowUp");
        browser.press("Enter");
        browser.await("patches alike", "document.querySelectorAll('#results canvas.heat').length === 7");
        assertTrue(browser.value("location.hash").asText().endsWith("/patch/3/3"), "the middle of 9 is 4");
        assertEquals(
                7,
                browser.value("document.querySelectorAll('#results .mark').length")
                        .asInt());
        assertTrue(browser.value("document.getElementById('patch-state').textContent")
                .asText()
                .startsWith("Patch in row 4, column 4."));
    }

    /** Dropped by a script, as the browser hands a file over. */
    private static void anImageIsDropped(Chromium browser) throws Exception {
        byte[] png = ImageEncoder.png(RenderedShapes.draw("cli", 1, 40, 5).read(0));
        browser.value(
                """
                (() => {
                  const bytes = Uint8Array.from(atob('%s'), (c) => c.charCodeAt(0));
                  const files = new DataTransfer();
                  files.items.add(new File([bytes], 'my own.png', { type: 'image/png' }));
                  dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
                })()
                """
                        .formatted(Base64.getEncoder().encodeToString(png)));
        browser.await("its nearest", "document.getElementById('image-name').textContent === 'my own.png'");
        browser.await("all of them", PICTURES + "('results', 8)");
        assertTrue(browser.value("document.getElementById('trouble').hidden").asBoolean());
    }

    @Test
    void whatIsWrongIsToldInOneLine() {
        Outcome.of("serve", "--images", dir.resolve("none"), "--weights", weights, "--heads", 2)
                .failed(2, "none: no such folder or file");
        Outcome.of("serve", "--images", photos, "--weights", weights, "--heads", 2, "--size", 3)
                .failed(2, "--size: 3 pixels are less than a patch of 4");
        Outcome.of("serve", "--images", photos, "--weights", weights, "--heads", 2, "--port", 70_000)
                .failed(2, "there is no port 70000");
        Outcome.of("serve", "--images", photos, "--weights", weights, "--heads", 2, "--port", 0, "--index", photos)
                .failed(2, "photos: holds other files and no index", "--index");
        Outcome.of("serve", "--images", photos, "--weights", weights, "--heads", 2, "--patch-limit", -1)
                .failed(2, "--patch-limit must be 0 or more, got -1.0");
    }
}
