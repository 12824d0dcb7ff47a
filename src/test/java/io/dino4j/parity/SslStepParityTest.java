package io.dino4j.parity;

import static io.dino4j.parity.Closeness.FORWARD;
import static io.dino4j.parity.Closeness.GRADIENT;
import static io.dino4j.parity.Closeness.assertRelative;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.graph.Precision;
import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.Network;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.SslModel;
import io.dino4j.train.StepInputs;
import io.dino4j.train.optim.AdamW;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.ParameterGroups;
import io.dino4j.train.optim.Workers;
import io.dino4j.train.schedule.Hyper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Complete training steps: targets, losses, gradients, clipping, AdamW and the moving average. */
@Tag("parity")
final class SslStepParityTest {
    /** The norms of later steps follow an AdamW step, which amplifies rounding. */
    private static final double LATER_NORM = 2e-4;

    private static final double KOLEO_ABSOLUTE = 2e-6;
    private static final double KEY_BIAS_ABSOLUTE = 1e-5;
    private static final double PARAMETER_QUANTILE = 0.999;
    private static final double PARAMETER_ABSOLUTE = 5e-6;

    static Stream<Arguments> steps() {
        return Target.with(Fixtures.ofKind("ssl_step_"));
    }

    /** A fixture and the one that it shares arrays with. */
    private record Recorded(Fixture f, Optional<Fixture> base) {
        static Recorded of(Fixture f) {
            String shares = f.manifest().path("shares").asText("");
            return new Recorded(
                    f,
                    Fixtures.all().stream()
                            .filter(other -> shares.matches(".*\\b" + other.name() + "\\b.*"))
                            .findFirst());
        }

        Map<String, INDArray> npz(String archive) {
            Map<String, INDArray> all = new LinkedHashMap<>();
            base.filter(b -> b.has(archive + ".npz")).ifPresent(b -> all.putAll(b.npz(archive)));
            if (f.has(archive + ".npz")) {
                all.putAll(f.npz(archive));
            }
            return all;
        }
    }

    /** Sizes come from the recorded parameters and batches; the rest from the manifest. */
    private static SslConfig config(
            Fixture f, Map<String, INDArray> weights, Map<String, INDArray> batch, int maxMasked) {
        JsonNode c = f.config();
        JsonNode model = c.get("model");
        INDArray patch = weights.get("backbone.patch_embed.proj.weight");
        INDArray global = batch.get("collated_global_crops");
        INDArray local = batch.get("collated_local_crops");
        int dim = (int) patch.size(0);
        boolean swiglu = weights.containsKey("backbone.blocks.0.mlp.w12.weight");
        INDArray positions = weights.get("backbone.pos_embed");
        int grid = (int) Math.round(Math.sqrt(positions.size(1) - 1));
        INDArray registers = weights.get("backbone.register_tokens");
        double ratio =
                swiglu ? 4 : weights.get("backbone.blocks.0.mlp.fc1.weight").size(0) / (double) dim;
        VitConfig vit = new VitConfig(
                grid * (int) patch.size(2),
                (int) patch.size(2),
                dim,
                model.get("depth").asInt(),
                model.get("heads").asInt(),
                ratio,
                swiglu ? Ffn.SWIGLU : Ffn.MLP,
                registers == null ? 0 : (int) registers.size(1),
                1,
                registers == null ? 0.1 : 0,
                registers != null);
        int b = c.get("batch").asInt();
        Network network = new Network(
                vit,
                head(weights, "dino_head.", dim),
                c.get("separate_ibot_head").asBoolean()
                        ? Optional.of(head(weights, "ibot_head.", dim))
                        : Optional.empty());
        return new SslConfig(
                network,
                Optional.empty(),
                b,
                1,
                (int) global.size(2),
                (int) local.size(2),
                (int) local.size(0) / b,
                maxMasked,
                c.get("centering").asText().equals("centering")
                        ? SslConfig.Targets.CENTERING
                        : SslConfig.Targets.SINKHORN_KNOPP,
                c.get("student_temp").asDouble(),
                c.get("dino_weight").asDouble(),
                c.get("koleo_weight").asDouble(),
                c.get("ibot_weight").asDouble(),
                0,
                true);
    }

    private static HeadConfig head(Map<String, INDArray> weights, String prefix, int dim) {
        INDArray v = weights.get(prefix + "last_layer.weight_v");
        int layers = (int) weights.keySet().stream()
                .filter(n -> n.startsWith(prefix + "mlp.") && n.endsWith(".weight"))
                .count();
        String first = layers == 1 ? "mlp.weight" : "mlp.0.weight";
        int hidden = (int) weights.get(prefix + first).size(0);
        return new HeadConfig(dim, (int) v.size(0), hidden, (int) v.size(1), layers);
    }

    private static void fill(ParameterVector vector, Map<String, INDArray> values) {
        assertEquals(new java.util.TreeSet<>(vector.layout().names()), new java.util.TreeSet<>(values.keySet()));
        values.forEach((name, a) -> vector.view(name).assign(a));
    }

    private static StepInputs inputs(Map<String, INDArray> batch, int maxMasked, DataType type) {
        int[] indices = batch.get("mask_indices_list").toIntVector();
        INDArray weights = Nd4j.zeros(type, maxMasked);
        for (int i = 0; i < indices.length; i++) {
            weights.putScalar(i, batch.get("masks_weight").getDouble(i));
        }
        return new StepInputs(
                batch.get("collated_global_crops").castTo(type),
                Optional.of(batch.get("collated_local_crops").castTo(type)),
                batch.get("collated_masks").castTo(type),
                indices,
                weights,
                indices.length,
                Map.of());
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("steps")
    void stepsMatch(Fixture f, Target target) {
        GraphOps.register();
        Recorded recorded = Recorded.of(f);
        List<Map<String, INDArray>> batches = new ArrayList<>();
        int steps = f.config().get("steps").size();
        for (int i = 0; i < steps; i++) {
            batches.add(recorded.npz("batch" + i));
        }
        int maxMasked = batches.stream()
                .mapToInt(b -> b.get("upperbound").getInt(0))
                .max()
                .orElseThrow();
        Map<String, INDArray> init = only(recorded.npz("student_init"), f);
        SslConfig config = config(f, init, batches.get(0), maxMasked);
        try (SslModel model = new SslModel(config, Precision.of(target.type()), target.providers(), Collective.ALONE)) {
            fill(model.student(), init);
            fill(model.average(), only(recorded.npz("teacher_init"), f));
            if (target.type() == DataType.FLOAT) {
                trains(f, model, batches);
            } else {
                firstStepMatches(f, model, batches.get(0));
            }
        }
    }

    /** A head that this fixture does not use is left out. */
    private static Map<String, INDArray> only(Map<String, INDArray> all, Fixture f) {
        Map<String, INDArray> mine = new LinkedHashMap<>(all);
        if (!f.config().get("separate_ibot_head").asBoolean()) {
            mine.keySet().removeIf(n -> n.startsWith("ibot_head."));
        }
        return mine;
    }

    private static void firstStepMatches(Fixture f, SslModel model, Map<String, INDArray> batch) {
        JsonNode now = f.config().at("/steps/0");
        StepInputs in = inputs(
                batch, model.config().maxMasked(), model.student().vector().dataType());
        check(f, 0, model.forwardBackward(List.of(in), now.get("teacher_temp").asDouble()), model);
    }

    private static void trains(Fixture f, SslModel model, List<Map<String, INDArray>> batches) {
        JsonNode c = f.config();
        JsonNode adam = c.get("adamw");
        ParameterGroups groups = ParameterGroups.of(
                model.student().layout(),
                c.get("layerwise_decay").asDouble(),
                c.get("patch_embed_lr_mult").asDouble());
        try (Workers workers = new Workers(2)) {
            GradientClip clip = new GradientClip(groups, c.get("clip").asDouble(), workers);
            AdamW.Constants constants = new AdamW.Constants(
                    adam.get("beta1").asDouble(),
                    adam.get("beta2").asDouble(),
                    adam.get("eps").asDouble());
            AdamW optimizer = new AdamW(groups, constants, workers);
            for (int i = 0; i < batches.size(); i++) {
                JsonNode now = c.get("steps").get(i);
                StepInputs in = inputs(batches.get(i), model.config().maxMasked(), DataType.FLOAT);
                check(
                        f,
                        i,
                        model.forwardBackward(
                                List.of(in), now.get("teacher_temp").asDouble()),
                        model);
                GradientClip.Clipping clipping = clip.measure(model.gradients());
                double limit = i == 0 ? FORWARD : LATER_NORM;
                int step = i;
                f.npz("gradnorm" + i)
                        .forEach((part, norm) -> assertEquals(
                                norm.getDouble(0),
                                clipping.norm(part),
                                limit * norm.getDouble(0),
                                "norm of " + part + " in step " + step));
                Hyper hyper = new Hyper(
                        now.get("lr").asDouble(),
                        now.get("wd").asDouble(),
                        now.get("momentum").asDouble(),
                        now.get("teacher_temp").asDouble(),
                        now.get("last_layer_lr").asDouble());
                optimizer.update(model.student(), model.gradients(), clipping, model.average(), hyper);
                compareParameters(f, "student_after" + (i + 1), model.student());
                compareParameters(f, "teacher_after" + (i + 1), model.average());
            }
        }
    }

    private static void check(Fixture f, int step, Map<String, Double> losses, SslModel model) {
        f.npz("losses" + step).forEach((name, expected) -> {
            double want = expected.getDouble(0);
            String what = "%s in step %d".formatted(name, step);
            switch (name) {
                    // upstream logs half of the weighted sum over both crops, and half of the patch loss
                case "koleo_loss" -> assertEquals(
                        want, losses.get(name) * model.config().koleoWeight() / 2, KOLEO_ABSOLUTE, what);
                case "ibot_loss" -> assertEquals(want, losses.get(name) / 2, FORWARD * want, what);
                default -> assertEquals(want, losses.get(name), FORWARD * want, what);
            }
        });
        if (f.has("centers" + step + ".npz")) {
            Map<String, INDArray> centers = f.npz("centers" + step);
            INDArray cls = centers.get("dino");
            INDArray patch = centers.get("ibot");
            if (step > 0) {
                assertRelative(cls, model.centers().get(0).reshape(cls.shape()), FORWARD, "cls center");
                assertRelative(patch, model.centers().get(1).reshape(patch.shape()), FORWARD, "patch center");
            }
        }
        if (f.has("grads" + step + ".npz")) {
            f.npz("grads" + step).forEach((name, g) -> {
                INDArray ours = model.gradients().view(name);
                assertRelative(g, ours, GRADIENT, name);
                if (name.endsWith("attn.qkv.bias")) {
                    long d = g.length() / 3;
                    double[] keys =
                            Arrays.copyOfRange(ours.castTo(DataType.DOUBLE).toDoubleVector(), (int) d, (int) (2 * d));
                    assertTrue(Arrays.stream(keys).allMatch(k -> Math.abs(k) <= KEY_BIAS_ABSOLUTE), name + " of keys");
                }
            });
        }
    }

    private static void compareParameters(Fixture f, String archive, ParameterVector ours) {
        if (!f.has(archive + ".npz")) {
            return;
        }
        INDArray excluded = f.npy("qkv_bias_exclude");
        List<Double> differences = new ArrayList<>();
        f.npz(archive).forEach((name, expected) -> {
            double[] want = expected.ravel().castTo(DataType.DOUBLE).toDoubleVector();
            double[] got =
                    ours.view(name).dup('c').ravel().castTo(DataType.DOUBLE).toDoubleVector();
            for (int i = 0; i < want.length; i++) {
                if (!name.endsWith("attn.qkv.bias") || excluded.getInt(i) == 0) {
                    differences.add(Math.abs(want[i] - got[i]));
                }
            }
        });
        double[] sorted =
                differences.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        double quantile = sorted[(int) Math.ceil(PARAMETER_QUANTILE * sorted.length) - 1];
        assertTrue(quantile <= PARAMETER_ABSOLUTE, () -> "%s: 99.9%% of the parameters within %.3g, allowed %.3g"
                .formatted(archive, quantile, PARAMETER_ABSOLUTE));
    }
}
