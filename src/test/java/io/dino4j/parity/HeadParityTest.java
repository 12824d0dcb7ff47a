package io.dino4j.parity;

import static io.dino4j.parity.Closeness.FORWARD;
import static io.dino4j.parity.Closeness.GRADIENT;
import static io.dino4j.parity.Closeness.WEIGHTED_SUM;
import static io.dino4j.parity.Closeness.assertAbsolute;
import static io.dino4j.parity.Closeness.assertRelative;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.head.ProjectionHead;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Logits and gradients of projection heads with any number of layers. */
@Tag("parity")
final class HeadParityTest {
    static Stream<Arguments> heads() {
        return Target.with(Fixtures.ofKind("dino_head"));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("heads")
    void logitsAndGradientsMatch(Fixture f, Target target) {
        Pattern params = Pattern.compile("l(\\d+)_params\\.npz");
        int cases = 0;
        for (JsonNode array : f.manifest().get("arrays")) {
            Matcher m = params.matcher(array.get("file").asText());
            if (m.matches()) {
                check(f, target, Integer.parseInt(m.group(1)));
                cases++;
            }
        }
        assertTrue(cases > 0, "no head in " + f);
    }

    private static void check(Fixture f, Target target, int layers) {
        String label = "l" + layers;
        JsonNode c = f.config();
        HeadConfig config = new HeadConfig(
                c.get("in_dim").asInt(),
                c.get("out_dim").asInt(),
                c.get("hidden_dim").asInt(),
                c.get("bottleneck_dim").asInt(),
                layers);
        Map<String, INDArray> weights = f.npz(label + "_params");
        assertEquals(config.parameters().keySet(), weights.keySet(), "names, in official order");

        Graph graph = new Graph(target);
        ProjectionHead head = new ProjectionHead(graph.sd, config, "", target.type());
        graph.parameters(weights, "");
        head.forward(graph.input("x", f.npy(label + "_x"))).rename("logits");
        graph.addToLoss(graph.sd.getVariable("logits"), f.npy(label + "_w"));

        Map<String, INDArray> expected = f.npz(label + "_grads");
        List<String> wanted = new ArrayList<>(expected.keySet());
        wanted.add("x");
        Map<String, INDArray> results = graph.runWithGradients(List.of("logits"), wanted);
        assertRelative(f.npy(label + "_out"), results.get("logits"), FORWARD, label + " logits");
        assertAbsolute(f.npy(label + "_loss"), results.get("loss"), WEIGHTED_SUM, label + " loss");
        assertRelative(f.npy(label + "_grad_x"), results.get("d x"), GRADIENT, label + " x");
        expected.forEach((n, g) -> assertRelative(g, results.get("d " + n), GRADIENT, label + " " + n));
    }
}
