package io.dino4j.parity;

import static io.dino4j.parity.Closeness.FORWARD;
import static io.dino4j.parity.Closeness.assertRelative;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.data.Progress;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.onnx.OnnxExport;
import io.dino4j.zoo.onnx.OnnxOptions;
import io.dino4j.zoo.weights.TorchCheckpoint;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Exported models, run by ONNX Runtime, against the official implementation. */
@Tag("parity")
final class OnnxParityTest {
    private static final Pattern RESIZED = Pattern.compile("(interp_\\d+x\\d+)_off(\\d)_aa(\\d)_cls\\.npy");

    @TempDir
    private Path dir;

    /** Every way to interpolate that was recorded, size free and fixed. */
    static Stream<Arguments> variants() {
        return Fixtures.ofKind("backbone_").stream().flatMap(f -> ways(f).stream()
                .flatMap(way -> Stream.of(true, false).map(fixed -> Arguments.of(f, way, fixed))));
    }

    /** How positions are interpolated. */
    private record Way(double offset, boolean antialias) {}

    private static Set<Way> ways(Fixture f) {
        Set<Way> ways = new LinkedHashSet<>();
        ways.add(ownWay(f));
        names(f).forEach(m -> ways.add(way(m)));
        return ways;
    }

    private static Way ownWay(Fixture f) {
        JsonNode c = f.config();
        return new Way(
                c.get("interpolate_offset").asDouble(),
                c.get("interpolate_antialias").asBoolean());
    }

    private static List<Matcher> names(Fixture f) {
        return f.manifest().get("arrays").findValuesAsText("file").stream()
                .map(RESIZED::matcher)
                .filter(Matcher::matches)
                .toList();
    }

    private static Way way(Matcher m) {
        return new Way(m.group(2).equals("1") ? 0.1 : 0, m.group(3).equals("1"));
    }

    private static Map<String, INDArray> weights(Fixture f) {
        Map<String, INDArray> weights = new LinkedHashMap<>();
        try (TorchCheckpoint file = TorchCheckpoint.open(f.file("model.pth"))) {
            file.tensors().keySet().forEach(n -> weights.put(n, file.read(n)));
        }
        return weights;
    }

    @ParameterizedTest(name = "{0}, {1}, fixed size {2}")
    @MethodSource("variants")
    void outputsMatch(Fixture f, Way way, boolean fixed) throws Exception {
        Map<String, String> cases = cases(f, way); // images to results
        VitConfig config = f.backbone(way.offset(), way.antialias());
        Map<String, INDArray> weights = weights(f);
        if (!fixed) {
            try (OrtSession session = session(config, weights, OnnxOptions.dynamic())) {
                for (Map.Entry<String, String> c : cases.entrySet()) {
                    check(f, session, c.getKey(), c.getValue());
                }
            }
            return;
        }
        for (Map.Entry<String, String> c : cases.entrySet()) {
            INDArray x = f.npy(c.getKey());
            OnnxOptions options = OnnxOptions.fixed((int) x.size(2), (int) x.size(3));
            try (OrtSession session = session(config, weights, options)) {
                check(f, session, c.getKey(), c.getValue());
            }
        }
    }

    private static Map<String, String> cases(Fixture f, Way way) {
        Map<String, String> cases = new LinkedHashMap<>();
        if (f.has("nomask_cls.npy")) {
            cases.put("x", "nomask"); // of the trained size: interpolated by no way
        }
        if (f.has("list1_cls.npy") && way.equals(ownWay(f))) {
            cases.put("x_local", "list1");
        }
        names(f).stream()
                .filter(m -> way(m).equals(way))
                .forEach(m -> cases.put(m.group(1) + "_x", m.group().replace("_cls.npy", "")));
        return cases;
    }

    private OrtSession session(VitConfig config, Map<String, INDArray> weights, OnnxOptions options)
            throws IOException, OrtException {
        Path model = dir.resolve("model.onnx");
        OnnxExport.write(model, config, weights, options, Progress.SILENT);
        try (OrtSession.SessionOptions threads = new OrtSession.SessionOptions()) {
            threads.setIntraOpNumThreads(1);
            return OrtEnvironment.getEnvironment().createSession(model.toString(), threads);
        }
    }

    private static void check(Fixture f, OrtSession session, String images, String name) throws OrtException {
        INDArray x = f.npy(images);
        FloatBuffer data = FloatBuffer.wrap(x.dup('c').data().asFloat());
        Set<String> compared = new TreeSet<>();
        try (OnnxTensor input = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), data, x.shape());
                OrtSession.Result result = session.run(Map.of("images", input))) {
            for (String output : session.getOutputNames()) {
                OnnxTensor tensor = (OnnxTensor) result.get(output).orElseThrow();
                float[] values = new float[tensor.getFloatBuffer().remaining()];
                tensor.getFloatBuffer().get(values);
                INDArray actual =
                        Nd4j.createFromArray(values).reshape(tensor.getInfo().getShape());
                String file = name + "_"
                        + Map.of("cls", "cls", "patches", "patch", "registers", "reg")
                                .get(output);
                if (f.has(file + ".npy")) {
                    assertRelative(f.npy(file), actual, FORWARD, f + " " + file);
                    compared.add(output);
                }
            }
        }
        assertEquals(Set.of("cls", "patches"), withoutRegisters(compared), f + " " + name);
    }

    private static Set<String> withoutRegisters(Set<String> names) {
        Set<String> rest = new TreeSet<>(names);
        rest.remove("registers");
        return rest;
    }
}
