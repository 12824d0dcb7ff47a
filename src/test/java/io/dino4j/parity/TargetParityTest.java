package io.dino4j.parity;

import static io.dino4j.parity.Closeness.FORWARD;
import static io.dino4j.parity.Closeness.assertRelative;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.CenteredSoftmax;
import io.dino4j.graph.op.Sinkhorn;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Teacher targets: Sinkhorn-Knopp and softmax-centring, alone and over several workers. */
@Tag("parity")
final class TargetParityTest {
    private static final double CENTER_MOMENTUM = 0.9;

    static Stream<Arguments> losses() {
        List<Fixture> both = new ArrayList<>(Fixtures.ofKind("dino_loss"));
        both.addAll(Fixtures.ofKind("ibot_loss"));
        return Target.with(both);
    }

    static Stream<Arguments> workers() {
        return Target.with(Fixtures.ofKind("sinkhorn_ws"));
    }

    private static INDArray sinkhorn(
            Target target, INDArray logits, double temp, int iterations, Collective collective) {
        Graph graph = new Graph(target);
        SDVariable t = graph.input("logits", logits);
        SDVariable tau = graph.input("tau", Nd4j.scalar(temp));
        SDVariable valid = graph.integers("valid", Nd4j.scalar(DataType.INT32, (int) logits.size(0)));
        new Sinkhorn(graph.sd, t, tau, valid, iterations).outputVariable().rename("targets");
        return graph.run(List.of("targets"), collective).get("targets");
    }

    private static Map<String, INDArray> centered(
            Target target, INDArray logits, INDArray center, double temp, Collective collective) {
        Graph graph = new Graph(target);
        SDVariable t = graph.input("logits", logits);
        SDVariable c = graph.input("center", center.reshape(1, center.length()));
        SDVariable tau = graph.input("tau", Nd4j.scalar(temp));
        SDVariable valid = graph.integers("valid", Nd4j.scalar(DataType.INT32, (int) logits.size(0)));
        SDVariable[] out = new CenteredSoftmax(graph.sd, t, c, tau, valid).outputVariables();
        out[0].rename("targets");
        out[1].rename("mean");
        return graph.run(List.of("targets", "mean"), collective);
    }

    private static INDArray nextCenter(INDArray center, INDArray mean) {
        INDArray c = center.castTo(DataType.DOUBLE).reshape(1, center.length());
        return c.mul(CENTER_MOMENTUM).add(mean.castTo(DataType.DOUBLE).mul(1 - CENTER_MOMENTUM));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("losses")
    void sinkhornMatches(Fixture f, Target target) {
        Pattern name = Pattern.compile("(sinkhorn_t(\\d+)(?:_it(\\d+))?)\\.npy");
        int cases = 0;
        for (JsonNode array : f.manifest().get("arrays")) {
            Matcher m = name.matcher(array.get("file").asText());
            if (m.matches()) {
                double temp = Integer.parseInt(m.group(2)) / 1000.0;
                int iterations =
                        m.group(3) == null ? f.config().get("n_iterations").asInt() : Integer.parseInt(m.group(3));
                INDArray targets = sinkhorn(target, f.npy("teacher_out"), temp, iterations, Collective.ALONE);
                assertRelative(f.npy(m.group(1)), targets, FORWARD, m.group(1));
                cases++;
            }
        }
        assertTrue(cases > 0, "no case in " + f);
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("losses")
    void centeredSoftmaxMatches(Fixture f, Target target) {
        INDArray center = f.npy("center0");
        for (JsonNode t : f.config().get("temps")) {
            double temp = t.asDouble();
            String label = "t%03d".formatted(Math.round(temp * 1000));
            Map<String, INDArray> first = centered(target, f.npy("teacher_out"), center, temp, Collective.ALONE);
            String name = f.has("softmax_" + label + "_1.npy") ? "softmax_" + label + "_1" : "softmax_" + label;
            assertRelative(f.npy(name), first.get("targets"), FORWARD, name);
            INDArray next = nextCenter(center, first.get("mean"));
            INDArray expected = f.npy("center1_" + label);
            assertRelative(expected.reshape(1, expected.length()), next, FORWARD, "center " + label);
            if (f.has("softmax_" + label + "_2.npy")) {
                INDArray second = centered(target, f.npy("teacher_out2"), next, temp, Collective.ALONE)
                        .get("targets");
                assertRelative(f.npy("softmax_" + label + "_2"), second, FORWARD, "second step " + label);
            }
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("workers")
    void workersBalanceTogether(Fixture f, Target target) throws Exception {
        double temp = f.config().get("temp").asDouble();
        for (String kind : List.of("dino", "ibot")) {
            List<INDArray> parts = new ArrayList<>();
            while (f.has("%s_in_%d.npy".formatted(kind, parts.size()))) {
                parts.add(f.npy("%s_in_%d".formatted(kind, parts.size())));
            }
            ThreadCollective together = new ThreadCollective(parts.size());
            List<INDArray> targets = onThreads(parts, p -> sinkhorn(target, p, temp, 3, together));
            for (int w = 0; w < parts.size(); w++) {
                String out = "%s_out_%d".formatted(kind, w);
                assertRelative(f.npy(out), targets.get(w), FORWARD, out);
            }
            INDArray all = Nd4j.concat(0, parts.toArray(INDArray[]::new));
            INDArray alone = sinkhorn(target, all, temp, 3, Collective.ALONE);
            assertRelative(f.npy(kind + "_concat"), alone, FORWARD, kind + " concatenated");
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("workers")
    void workersCenterTogether(Fixture f, Target target) throws Exception {
        List<INDArray> parts = new ArrayList<>();
        while (f.has("dino_in_%d.npy".formatted(parts.size()))) {
            parts.add(f.npy("dino_in_%d".formatted(parts.size())));
        }
        ThreadCollective together = new ThreadCollective(parts.size());
        INDArray start = Nd4j.zeros(DataType.DOUBLE, 1, parts.get(0).size(1));
        List<INDArray> means =
                onThreads(parts, p -> centered(target, p, start, 0.05, together).get("mean"));
        for (INDArray mean : means) {
            assertRelative(f.npy("center_after"), nextCenter(start, mean), FORWARD, "center");
        }
    }

    private interface Work {
        INDArray on(INDArray part);
    }

    private static List<INDArray> onThreads(List<INDArray> parts, Work work)
            throws InterruptedException, ExecutionException {
        ExecutorService threads = Executors.newFixedThreadPool(parts.size());
        try {
            List<Future<INDArray>> running = new ArrayList<>();
            for (INDArray p : parts) {
                running.add(threads.submit(() -> work.on(p)));
            }
            List<INDArray> results = new ArrayList<>();
            for (Future<INDArray> r : running) {
                results.add(r.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }
}
