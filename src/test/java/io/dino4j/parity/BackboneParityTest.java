package io.dino4j.parity;

import static io.dino4j.parity.Closeness.FORWARD;
import static io.dino4j.parity.Closeness.GRADIENT;
import static io.dino4j.parity.Closeness.WEIGHTED_SUM;
import static io.dino4j.parity.Closeness.assertAbsolute;
import static io.dino4j.parity.Closeness.assertRelative;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.graph.Precision;
import io.dino4j.graph.op.PositionEmbedding;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.DropPath;
import io.dino4j.graph.vit.Tokens;
import io.dino4j.graph.vit.Vit;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.weights.TorchCheckpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Tokens and gradients of the backbone against the official implementation. */
@Tag("parity")
final class BackboneParityTest {
    static Stream<Arguments> backbones() {
        return Target.with(Fixtures.ofKind("backbone_"));
    }

    private static Map<String, INDArray> weights(Fixture f) {
        Map<String, INDArray> weights = new LinkedHashMap<>();
        try (TorchCheckpoint file = TorchCheckpoint.open(f.file("model.pth"))) {
            file.tensors().keySet().forEach(n -> weights.put(n, file.read(n)));
        }
        assertEquals(f.backbone().parameters().keySet(), weights.keySet(), "names, in official order");
        return weights;
    }

    /** A backbone with the fixture's weights, and what its outputs are called. */
    private static final class Network {
        final Fixture f;
        final VitConfig c;
        final Graph graph;
        final Vit vit;
        Tokens tokens;
        List<Crops> crops;

        Network(Fixture f, VitConfig c, Target target) {
            this.f = f;
            this.c = c;
            graph = new Graph(target);
            vit = new Vit(graph.sd, c, "", Precision.of(target.type()));
            graph.parameters(weights(f), "");
        }

        Crops crops(String name, INDArray images, Optional<INDArray> masks) {
            SDVariable x = graph.input(name, images);
            return new Crops(
                    x,
                    (int) images.size(0),
                    (int) images.size(2),
                    (int) images.size(3),
                    masks.map(m -> graph.input(name + ".masks", m)));
        }

        void forward(double dropRate, Crops... crops) {
            this.crops = List.of(crops);
            tokens = vit.forward(this.crops, dropRate, true);
            tokens.prenorm().rename("prenorm");
            vit.norm(tokens.prenorm()).rename("norm");
        }

        /** Rows of one group of crops as {@code [images, tokens, D]}. */
        INDArray group(INDArray rows, int g) {
            int first = tokens.layout().clsRow(g, 0);
            int n = tokens.layout().groups().get(g).count();
            int length = tokens.layout().groups().get(g).length();
            return rows.get(NDArrayIndex.interval(first, first + (long) n * length), NDArrayIndex.all())
                    .dup('c')
                    .reshape(n, length, c.embedDim());
        }

        INDArray cls(INDArray group) {
            return tokens(group, 0, 1).reshape(group.size(0), c.embedDim());
        }

        INDArray registers(INDArray group) {
            return tokens(group, 1, c.numPrefixTokens());
        }

        INDArray patches(INDArray group) {
            return tokens(group, c.numPrefixTokens(), group.size(1));
        }

        private static INDArray tokens(INDArray group, long from, long to) {
            return group.get(NDArrayIndex.all(), NDArrayIndex.interval(from, to), NDArrayIndex.all())
                    .dup('c');
        }

        /** Compares one group with the recorded arrays of a case. */
        void check(Map<String, INDArray> results, int g, String name) {
            INDArray norm = group(results.get("norm"), g);
            assertRelative(f.npy(name + "_cls"), cls(norm), FORWARD, name + " cls");
            assertRelative(f.npy(name + "_patch"), patches(norm), FORWARD, name + " patch");
            if (f.has(name + "_reg.npy")) {
                assertRelative(f.npy(name + "_reg"), registers(norm), FORWARD, name + " reg");
            }
            if (f.has(name + "_prenorm.npy")) {
                INDArray raw = group(results.get("prenorm"), g);
                assertRelative(f.npy(name + "_prenorm"), raw, FORWARD, name + " prenorm");
            }
        }

        /** Loss weights for all tokens of one group, from those of its parts. */
        INDArray lossWeights(INDArray cls, Optional<INDArray> registers, INDArray patches) {
            long n = cls.size(0);
            INDArray all = Nd4j.zeros(cls.dataType(), n, c.numPrefixTokens() + patches.size(1), c.embedDim());
            all.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 1), NDArrayIndex.all())
                    .assign(cls.reshape(n, 1, c.embedDim()));
            registers.ifPresent(
                    r -> all.get(NDArrayIndex.all(), NDArrayIndex.interval(1, c.numPrefixTokens()), NDArrayIndex.all())
                            .assign(r));
            all.get(NDArrayIndex.all(), NDArrayIndex.interval(c.numPrefixTokens(), all.size(1)), NDArrayIndex.all())
                    .assign(patches);
            return all.reshape(n * all.size(1), c.embedDim());
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("backbones")
    void tokensMatch(Fixture f, Target target) {
        Network plain = new Network(f, f.backbone(), target);
        plain.forward(0, plain.crops("x", f.npy("x"), Optional.empty()));
        plain.check(plain.graph.run(List.of("norm", "prenorm")), 0, "nomask");

        Network masked = new Network(f, f.backbone(), target);
        masked.forward(0, masked.crops("x", f.npy("x"), Optional.of(f.npy("masks"))));
        masked.check(masked.graph.run(List.of("norm", "prenorm")), 0, "masked");
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("backbones")
    void packedCropsMatchSeparatePasses(Fixture f, Target target) {
        Network net = new Network(f, f.backbone(), target);
        net.forward(
                0,
                net.crops("x", f.npy("x"), Optional.of(f.npy("masks"))),
                net.crops("x_local", f.npy("x_local"), Optional.empty()));
        Map<String, INDArray> results = net.graph.run(List.of("norm", "prenorm"));
        net.check(results, 0, "list0");
        net.check(results, 1, "list1");
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("backbones")
    void intermediateLayersMatch(Fixture f, Target target) {
        Pattern name = Pattern.compile("(inter_\\w+_(norm|raw)_b(\\d+))_map\\.npy");
        Network net = new Network(f, f.backbone(), target);
        net.forward(0, net.crops("x", f.npy("x"), Optional.empty()));
        Map<String, String> cases = new LinkedHashMap<>();
        for (JsonNode array : f.manifest().get("arrays")) {
            Matcher m = name.matcher(array.get("file").asText());
            if (m.matches()) {
                SDVariable block = net.tokens.blocks().get(Integer.parseInt(m.group(3)));
                cases.put(
                        m.group(1),
                        m.group(2).equals("norm") ? net.vit.norm(block).name() : block.name());
            }
        }
        assertFalse(cases.isEmpty(), "no intermediate layers in " + f);
        Map<String, INDArray> results =
                net.graph.run(cases.values().stream().distinct().toList());
        int h = net.crops.get(0).height() / net.c.patchSize();
        int w = net.crops.get(0).width() / net.c.patchSize();
        cases.forEach((label, variable) -> {
            INDArray tokens = net.group(results.get(variable), 0);
            INDArray patches = net.patches(tokens);
            INDArray map = patches.permute(0, 2, 1).dup('c').reshape(patches.size(0), net.c.embedDim(), h, w);
            assertRelative(f.npy(label + "_map"), map, FORWARD, label + " map");
            assertRelative(f.npy(label + "_cls"), net.cls(tokens), FORWARD, label + " cls");
        });
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("backbones")
    void everyGradientMatches(Fixture f, Target target) {
        Network net = new Network(f, f.backbone(), target);
        net.forward(0, net.crops("x", f.npy("x"), Optional.of(f.npy("masks"))));
        Optional<INDArray> registers = f.has("grad_w_reg.npy") ? Optional.of(f.npy("grad_w_reg")) : Optional.empty();
        INDArray weights = net.lossWeights(f.npy("grad_w_cls"), registers, f.npy("grad_w_patch"));
        net.graph.addToLoss(net.graph.sd.getVariable("norm"), weights);

        Map<String, INDArray> expected = f.npz("grads");
        List<String> wanted = new ArrayList<>(expected.keySet());
        wanted.add("x");
        Map<String, INDArray> results = net.graph.runWithGradients(List.of(), wanted);
        assertAbsolute(f.npy("grad_loss"), results.get("loss"), WEIGHTED_SUM, "loss");
        assertRelative(f.npy("grad_x"), results.get("d x"), GRADIENT, "x");
        expected.forEach((n, g) -> assertRelative(g, results.get("d " + n), GRADIENT, n));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("backbones")
    void positionsAreInterpolated(Fixture f, Target target) {
        Pattern name = Pattern.compile("(interp_(\\d+)x(\\d+))_off(\\d)_aa(\\d)_pos\\.npy");
        for (JsonNode array : f.manifest().get("arrays")) {
            Matcher m = name.matcher(array.get("file").asText());
            if (m.matches()) {
                String label = array.get("file").asText().replaceFirst("_pos\\.npy$", "");
                double offset = m.group(4).equals("1") ? 0.1 : 0;
                checkInterpolation(
                        f,
                        target,
                        label,
                        f.npy(m.group(1) + "_x"),
                        offset,
                        m.group(5).equals("1"));
            }
        }
    }

    private static void checkInterpolation(
            Fixture f, Target target, String label, INDArray x, double offset, boolean antialias) {
        VitConfig c = f.backbone();
        VitConfig variant = new VitConfig(
                c.imageSize(),
                c.patchSize(),
                c.embedDim(),
                c.depth(),
                c.numHeads(),
                c.mlpRatio(),
                c.ffn(),
                c.numRegisters(),
                c.layerScale(),
                offset,
                antialias);
        Network net = new Network(f, variant, target);
        net.forward(0, net.crops("x", x, Optional.empty()));
        int h = (int) x.size(2) / c.patchSize();
        int w = (int) x.size(3) / c.patchSize();
        SDVariable trained = net.graph.sd.getVariable("pos_embed");
        new PositionEmbedding(net.graph.sd, trained, h, w, antialias, offset)
                .outputVariable()
                .rename("pos");
        boolean gradient = f.has(label + "_grad_pos.npy");
        Map<String, INDArray> results;
        if (gradient) {
            INDArray weights = net.lossWeights(f.npy(label + "_w_cls"), Optional.empty(), f.npy(label + "_w_patch"));
            net.graph.addToLoss(net.graph.sd.getVariable("norm"), weights);
            results = net.graph.runWithGradients(List.of("norm", "pos"), List.of("pos_embed"));
            assertRelative(f.npy(label + "_grad_pos"), results.get("d pos_embed"), GRADIENT, label + " gradient");
        } else {
            results = net.graph.run(List.of("norm", "pos"));
        }
        INDArray pos = results.get("pos");
        assertRelative(f.npy(label + "_pos"), pos.reshape(1, pos.size(0), pos.size(1)), FORWARD, label + " pos");
        INDArray norm = net.group(results.get("norm"), 0);
        assertRelative(f.npy(label + "_cls"), net.cls(norm), FORWARD, label + " cls");
        assertRelative(f.npy(label + "_patch"), net.patches(norm), FORWARD, label + " patch");
    }

    static Stream<Arguments> stochasticDepth() {
        List<Fixture> found = Fixtures.ofKind("backbone_").stream()
                .filter(f -> f.has("drop_x0.npy"))
                .toList();
        return Target.with(found);
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("stochasticDepth")
    void stochasticDepthMatches(Fixture f, Target target) {
        Network net = new Network(f, f.backbone(), target);
        List<Crops> crops = new ArrayList<>();
        for (int g = 0; f.has("drop_x" + g + ".npy"); g++) {
            crops.add(net.crops("drop_x" + g, f.npy("drop_x" + g), Optional.empty()));
        }
        net.forward(dropRate(f), crops.toArray(Crops[]::new));
        Set<String> used = new TreeSet<>();
        Map<String, INDArray> rows = new HashMap<>();
        for (DropPath.Branch b : net.tokens.dropPath().branches()) {
            List<int[]> kept = new ArrayList<>();
            for (int g = 0; g < crops.size(); g++) {
                String file = "drop_keep_b%d_%s_%d".formatted(b.block(), b.attention() ? "attn" : "ffn", g);
                kept.add(f.npy(file).toIntVector());
                used.add(file);
            }
            rows.put(b.placeholder(), Nd4j.createFromArray(b.rows(kept)));
        }
        net.graph.bind(rows);

        List<INDArray> weights = new ArrayList<>();
        for (int g = 0; g < crops.size(); g++) {
            INDArray cls = f.npy("drop_w" + g);
            long patches = net.tokens.layout().groups().get(g).length() - net.c.numPrefixTokens();
            weights.add(net.lossWeights(
                    cls, Optional.empty(), Nd4j.zeros(cls.dataType(), cls.size(0), patches, net.c.embedDim())));
        }
        net.graph.addToLoss(net.graph.sd.getVariable("norm"), Nd4j.concat(0, weights.toArray(INDArray[]::new)));
        Map<String, INDArray> expected = f.npz("drop_grads");
        Map<String, INDArray> results =
                net.graph.runWithGradients(List.of("norm", "prenorm"), new ArrayList<>(expected.keySet()));
        for (int g = 0; g < crops.size(); g++) {
            net.check(results, g, "drop_out" + g);
        }
        expected.forEach((n, g) -> assertRelative(g, results.get("d " + n), GRADIENT, n));
        assertEquals(net.tokens.dropPath().branches().size() * crops.size(), used.size());
    }

    /** It stands in the description of the outputs. */
    private static double dropRate(Fixture f) {
        Pattern rate = Pattern.compile("drop rate ([0-9.]+)");
        for (JsonNode array : f.manifest().get("arrays")) {
            Matcher m = rate.matcher(array.path("meaning").asText());
            if (m.find()) {
                return Double.parseDouble(m.group(1));
            }
        }
        throw new IllegalStateException("no drop rate in the manifest of " + f);
    }
}
