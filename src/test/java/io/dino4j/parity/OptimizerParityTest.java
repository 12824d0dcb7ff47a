package io.dino4j.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.optim.AdamW;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.ParameterGroups;
import io.dino4j.train.optim.Workers;
import io.dino4j.train.schedule.Hyper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Recorded gradients, then clipping, AdamW and the moving average, against upstream's parameters after one step. */
@Tag("parity")
final class OptimizerParityTest {
    private static final double TOLERANCE = 1e-6;

    static List<Fixture> groupFixtures() {
        return Fixtures.present(
                Fixtures.all().stream().filter(f -> f.has("param_groups.json")).toList());
    }

    static List<Fixture> stepFixtures() {
        return Fixtures.present(Fixtures.ofKind("ssl_step_").stream()
                .filter(f -> f.has("student_after1.npz") && f.has("student_init.npz"))
                .toList());
    }

    static List<Fixture> gradientFixtures() {
        return Fixtures.present(Fixtures.ofKind("ssl_step_").stream()
                .filter(f -> f.has("grads0.npz"))
                .toList());
    }

    @ParameterizedTest
    @MethodSource("groupFixtures")
    void multipliersAndFusedGroupsMatch(Fixture fixture) {
        checkGroups(fixture, fixture.jsonFile("param_groups"));
        if (fixture.has("param_groups_chunked.json")) {
            checkGroups(fixture, fixture.jsonFile("param_groups_chunked"));
        }
    }

    private static void checkGroups(Fixture fixture, JsonNode expected) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        expected.forEach(e -> shapes.put(e.get("name").asText(), new long[] {1}));
        Map<String, ParameterGroups.Group> ours = new LinkedHashMap<>();
        groups(fixture, ParameterLayout.of(shapes)).groups().forEach(g -> ours.put(g.name(), g));
        for (JsonNode e : expected) {
            ParameterGroups.Group g = ours.get(e.get("name").asText());
            assertEquals(e.get("lr_multiplier").doubleValue(), g.lrMultiplier(), 1e-12, g.name());
            assertEquals(e.get("wd_multiplier").doubleValue(), g.wdMultiplier(), g.name());
            assertEquals(e.get("is_last_layer").booleanValue(), g.lastLayer(), g.name());
            assertEquals(e.get("fused_group").intValue(), g.fusedGroup(), g.name());
        }
    }

    @ParameterizedTest
    @MethodSource("gradientFixtures")
    void normsBeforeClippingMatch(Fixture fixture) {
        Map<String, INDArray> gradients = fixture.npz("grads0");
        try (Workers workers = new Workers(2)) {
            ParameterLayout layout = layout(gradients);
            GradientClip clip = new GradientClip(groups(fixture, layout), 3, workers);
            GradientClip.Clipping clipping = clip.measure(vector(layout, gradients));
            fixture.npz("gradnorm0").forEach((subNetwork, norm) -> {
                double expected = norm.getDouble(0);
                assertEquals(expected, clipping.norm(subNetwork), 1e-5 * expected, subNetwork);
            });
        }
    }

    @ParameterizedTest
    @MethodSource("stepFixtures")
    void oneStepFromRecordedGradientsMatches(Fixture fixture) {
        Map<String, INDArray> init = fixture.npz("student_init");
        ParameterLayout layout = layout(init);
        ParameterVector one = null;
        for (int threads = 1; threads <= 3; threads++) {
            ParameterVector student = vector(layout, init);
            ParameterVector teacher = vector(layout, fixture.npz("teacher_init"));
            try (Workers workers = new Workers(threads)) {
                step(fixture, layout, student, teacher, workers);
            }
            compare(fixture, student, "student_after1");
            compare(fixture, teacher, "teacher_after1");
            if (one == null) {
                one = student;
            }
            assertArrayEquals(
                    one.vector().toFloatVector(), student.vector().toFloatVector(), "bit for bit at any thread count");
        }
    }

    private static void step(
            Fixture fixture,
            ParameterLayout layout,
            ParameterVector student,
            ParameterVector teacher,
            Workers workers) {
        JsonNode config = fixture.config();
        JsonNode now = config.at("/steps/0");
        JsonNode adam = config.get("adamw");
        ParameterGroups groups = groups(fixture, layout);
        ParameterVector gradients = vector(layout, fixture.npz("grads0"));
        GradientClip clip = new GradientClip(groups, config.get("clip").doubleValue(), workers);
        AdamW optimizer = new AdamW(
                groups,
                new AdamW.Constants(
                        adam.get("beta1").doubleValue(),
                        adam.get("beta2").doubleValue(),
                        adam.get("eps").doubleValue()),
                workers);
        optimizer.update(
                student,
                gradients,
                clip.measure(gradients),
                teacher,
                new Hyper(
                        now.get("lr").doubleValue(),
                        now.get("wd").doubleValue(),
                        now.get("momentum").doubleValue(),
                        now.get("teacher_temp").doubleValue(),
                        now.get("last_layer_lr").doubleValue()));
    }

    private static void compare(Fixture fixture, ParameterVector ours, String archive) {
        INDArray excluded = fixture.npy("qkv_bias_exclude");
        fixture.npz(archive).forEach((name, expected) -> {
            float[] want = expected.ravel().toFloatVector();
            float[] got = ours.view(name).ravel().toFloatVector();
            assertEquals(want.length, got.length, name);
            for (int i = 0; i < want.length; i++) {
                boolean noise = name.endsWith("attn.qkv.bias") && excluded.getInt(i) != 0;
                assertTrue(
                        noise || Math.abs(want[i] - got[i]) <= TOLERANCE,
                        "%s %s[%d]: %s, want %s".formatted(archive, name, i, got[i], want[i]));
            }
        });
    }

    private static ParameterGroups groups(Fixture fixture, ParameterLayout layout) {
        return ParameterGroups.of(
                layout,
                fixture.config().get("layerwise_decay").doubleValue(),
                fixture.config().get("patch_embed_lr_mult").doubleValue());
    }

    private static ParameterLayout layout(Map<String, INDArray> arrays) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        arrays.forEach((name, array) -> shapes.put(name, array.shape()));
        return ParameterLayout.of(shapes);
    }

    private static ParameterVector vector(ParameterLayout layout, Map<String, INDArray> arrays) {
        ParameterVector vector = ParameterVector.zeros(layout, DataType.FLOAT);
        arrays.forEach((name, array) -> vector.view(name).assign(array));
        return vector;
    }
}
