package io.dino4j.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.data.image.BicubicResize;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.ColorJitter;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.GaussianBlur;
import io.dino4j.data.image.Grayscale;
import io.dino4j.data.image.HorizontalFlip;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.image.Solarize;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Every recorded image operation, its parameters read from the names and the words of the manifest. */
@Tag("parity")
final class AugmentationParityTest {
    /** Of the values, at most this share may be one level off, and only where a resize or a blur took part. */
    private static final double OFF_BY_ONE = 0.001;

    private static final Pattern CROP = Pattern.compile("crop top=(\\d+) left=(\\d+) height=(\\d+) width=(\\d+)");
    private static final Pattern JITTER =
            Pattern.compile("order \\[(.*?)], after step (\\d+) \\((\\w+) factor (-?[\\d.e-]+)\\)");
    private static final Pattern POINTWISE = Pattern.compile(
            "(brightness|contrast|saturation|hue|blur)_(-?[\\d.e-]+)|hflip|gray|solarize|totensor|normalize");
    private static final Pattern CHAIN = Pattern.compile(
            "'box': \\((\\d+), (\\d+), (\\d+), (\\d+)\\), 'size': (\\d+), 'flip': (\\w+), 'order': (None|\\(.*?\\)),"
                    + " 'gray': (\\w+), 'blur': ([\\w.]+), 'sol': (\\w+)");
    private static final Pattern EVAL = Pattern.compile("short side to (\\d+) bicubic, centre (\\d+) crop");
    private static final Pattern ROWS = Pattern.compile("rows/cols (\\d+)\\.\\.(\\d+)");
    private static final Pattern THRESHOLD = Pattern.compile(">= (\\d+)");

    @TestFactory
    Stream<DynamicTest> everyRecordedOperationIsReproduced() {
        return Fixtures.ofKind("augmentations").stream().flatMap(f -> new Recording(f).tests().stream());
    }

    /** One fixture folder: which file is the input of which, and what is done to it. */
    private static final class Recording {
        private final Fixture fixture;
        private final Map<String, String> meanings = new TreeMap<>();
        private final Map<String, Double> factors = new HashMap<>();
        private final Normalization normalization;
        private final Set<String> inputs;

        Recording(Fixture fixture) {
            this.fixture = fixture;
            for (JsonNode entry : fixture.manifest().get("arrays")) {
                String name = entry.get("file").asText().replaceFirst("\\.npy$", "");
                meanings.put(name, entry.get("meaning").asText());
                Matcher jitter = JITTER.matcher(entry.get("meaning").asText());
                if (jitter.find()) {
                    factors.put(jitter.group(3), Double.parseDouble(jitter.group(4)));
                }
            }
            normalization = new Normalization(
                    floats(fixture.config().get("mean")),
                    floats(fixture.config().get("std")));
            inputs = Set.copyOf(meanings.keySet().stream()
                    .filter(name -> meanings.get(name).startsWith("synthetic"))
                    .toList());
        }

        List<DynamicTest> tests() {
            List<DynamicTest> tests = new ArrayList<>();
            for (String name : meanings.keySet()) {
                if (!inputs.contains(name)) {
                    tests.add(DynamicTest.dynamicTest(fixture.name() + "/" + name, () -> check(name)));
                }
            }
            for (JsonNode entry : fixture.manifest().path("files")) {
                String file = entry.get("file").asText();
                if (file.endsWith(".png")) {
                    tests.add(DynamicTest.dynamicTest(fixture.name() + "/" + file, () -> checkDecoder(file)));
                }
            }
            assertFalse(tests.isEmpty(), fixture + " records no operation");
            return tests;
        }

        private void checkDecoder(String file) throws Exception {
            Image decoded = ImageDecoder.read(fixture.file(file));
            assertEquals(image(file.replaceFirst("\\.png$", "")), decoded);
        }

        private void check(String name) {
            String meaning = meanings.get(name);
            Matcher crop = CROP.matcher(meaning);
            if (crop.find()) {
                int[] shape = shape(name);
                String source = name.replaceFirst("^crop_", "").split("_")[0];
                assertImage(
                        name,
                        BicubicResize.cropResize(image(source), box(crop.toMatchResult()), shape[1], shape[0]),
                        OFF_BY_ONE);
            } else if (name.startsWith("jitter")) {
                assertImage(name, jitter(name), 0);
            } else if (name.startsWith("chain")) {
                checkChain(name);
            } else if (name.startsWith("eval")) {
                checkEval(name);
            } else {
                checkPointwise(name);
            }
        }

        private void checkPointwise(String name) {
            int cut = name.indexOf('_');
            Image in = image(fixture.manifest()
                    .at("/inputs_of_pointwise/" + name.substring(0, cut))
                    .asText());
            Matcher op = POINTWISE.matcher(name.substring(cut + 1));
            assertTrue(op.matches(), "unknown operation " + name);
            if (op.group(1) == null) {
                switch (op.group()) {
                    case "hflip" -> assertImage(name, HorizontalFlip.mirror(in), 0);
                    case "gray" -> assertImage(name, Grayscale.gray(in), 0);
                    case "solarize" -> assertImage(name, Solarize.solarize(in, threshold()), 0);
                    case "totensor" -> assertFloats(
                            name, in, new Normalization(new float[3], new float[] {1, 1, 1}), 0, in.height(), 0);
                    default -> assertFloats(name, in, normalization, 0, in.height(), 0);
                }
                return;
            }
            double value = Double.parseDouble(op.group(2));
            if (op.group(1).equals("blur")) {
                assertImage(name, GaussianBlur.blur(in, value), OFF_BY_ONE);
            } else {
                assertImage(name, step(op.group(1)).apply(in, value), 0);
            }
        }

        /** The steps up to the one the name ends with, from the first input of the pointwise cases. */
        private Image jitter(String name) {
            Matcher m = JITTER.matcher(meanings.get(name));
            assertTrue(m.find(), meanings.get(name));
            List<String> order = words(m.group(1));
            Image result = image(fixture.manifest().at("/inputs_of_pointwise/p").asText());
            for (String step : order.subList(0, Integer.parseInt(m.group(2)) + 1)) {
                result = step(step).apply(result, factors.get(step));
            }
            return result;
        }

        private void checkChain(String name) {
            String recipe = name.endsWith("_u8") ? name : name + "_u8";
            Matcher m = CHAIN.matcher(meanings.get(recipe));
            assertTrue(m.find(), meanings.get(recipe));
            int size = Integer.parseInt(m.group(5));
            Image result = BicubicResize.cropResize(image("photo"), box(m.toMatchResult()), size, size);
            if (m.group(6).equals("True")) {
                result = HorizontalFlip.mirror(result);
            }
            if (!m.group(7).equals("None")) {
                for (String index : words(m.group(7).replaceAll("[()]", ""))) {
                    ColorJitter.Step step = ColorJitter.Step.values()[Integer.parseInt(index)];
                    result = step.apply(result, factors.get(step.name().toLowerCase(Locale.ROOT)));
                }
            }
            if (m.group(8).equals("True")) {
                result = Grayscale.gray(result);
            }
            if (!m.group(9).equals("None")) {
                result = GaussianBlur.blur(result, Double.parseDouble(m.group(9)));
            }
            if (m.group(10).equals("True")) {
                result = Solarize.solarize(result, threshold());
            }
            if (name.equals(recipe)) {
                assertImage(name, result, OFF_BY_ONE);
            } else {
                assertFloats(name, result, normalization, 0, size, OFF_BY_ONE);
            }
        }

        private void checkEval(String name) {
            Matcher sizes = meanings.values().stream()
                    .map(EVAL::matcher)
                    .filter(Matcher::find)
                    .findFirst()
                    .orElseThrow();
            EvalTransform transform = new EvalTransform(
                    Integer.parseInt(sizes.group(1)), Integer.parseInt(sizes.group(2)), normalization);
            Image result = transform.apply(image(name.split("_")[1]));
            if (name.endsWith("_u8")) {
                assertImage(name, result, OFF_BY_ONE);
                return;
            }
            Matcher rows = ROWS.matcher(meanings.get(name));
            int from = rows.find() ? Integer.parseInt(rows.group(1)) : 0;
            int to = from > 0 ? Integer.parseInt(rows.group(2)) + 1 : transform.crop();
            assertFloats(name, result, normalization, from, to, OFF_BY_ONE);
        }

        private int threshold() {
            Matcher m = meanings.values().stream()
                    .map(THRESHOLD::matcher)
                    .filter(Matcher::find)
                    .findFirst()
                    .orElseThrow();
            return Integer.parseInt(m.group(1));
        }

        private Image image(String name) {
            int[] shape = shape(name);
            INDArray flat = fixture.npy(name).reshape(-1);
            byte[] rgb = new byte[(int) flat.length()];
            for (int i = 0; i < rgb.length; i++) {
                rgb[i] = (byte) flat.getInt(i);
            }
            return new Image(shape[1], shape[0], rgb);
        }

        private int[] shape(String name) {
            long[] shape = fixture.npy(name).shape();
            return new int[] {(int) shape[0], (int) shape[1], (int) shape[2]};
        }

        private void assertImage(String name, Image actual, double offByOne) {
            Image expected = image(name);
            assertEquals(expected.width(), actual.width(), name);
            assertEquals(expected.height(), actual.height(), name);
            int off = 0;
            int worst = 0;
            for (int i = 0; i < expected.rgb().length; i++) {
                int difference = Math.abs((expected.rgb()[i] & 0xff) - (actual.rgb()[i] & 0xff));
                off += difference > 0 ? 1 : 0;
                worst = Math.max(worst, difference);
            }
            String report = "%s: %d of %d values differ, by up to %d".formatted(name, off, actual.rgb().length, worst);
            assertTrue(off <= offByOne * actual.rgb().length && worst <= 1, report);
        }

        private void assertFloats(String name, Image image, Normalization as, int from, int to, double offByOne) {
            INDArray expected = fixture.npy(name);
            int side = to - from;
            assertEquals(side, expected.size(1), name);
            float[] actual = new float[image.rgb().length];
            as.write(image, actual);
            int off = 0;
            for (int c = 0; c < 3; c++) {
                for (int y = from; y < to; y++) {
                    for (int x = 0; x < expected.size(2); x++) {
                        float got = actual[(c * image.height() + y) * image.width() + x + from];
                        double difference = Math.abs(got - expected.getDouble(c, y - from, x));
                        off += difference > 1e-6 ? 1 : 0;
                        assertTrue(difference <= 1.01 / 255 / as.std()[c], () -> name + ": off by " + difference);
                    }
                }
            }
            assertTrue(off <= offByOne * expected.length(), name + ": " + off + " values differ");
        }

        private static ColorJitter.Step step(String name) {
            return ColorJitter.Step.valueOf(name.toUpperCase(Locale.ROOT));
        }

        private static Box box(MatchResult m) {
            return new Box(
                    Integer.parseInt(m.group(1)),
                    Integer.parseInt(m.group(2)),
                    Integer.parseInt(m.group(3)),
                    Integer.parseInt(m.group(4)));
        }

        private static List<String> words(String list) {
            return Stream.of(list.split(","))
                    .map(word -> word.replaceAll("[' ]", ""))
                    .toList();
        }

        private static float[] floats(JsonNode numbers) {
            float[] values = new float[numbers.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) numbers.get(i).asDouble();
            }
            return values;
        }
    }
}
