package io.dino4j.parity;

import static io.dino4j.parity.Closeness.FORWARD;
import static io.dino4j.parity.Closeness.assertRelative;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.FeatureExtractor;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.weights.PretrainedWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Features of one layer, of several, and of packed images of several sizes against the official implementation. */
@Tag("parity")
final class FeatureParityTest {
    static List<Fixture> backbones() {
        return Fixtures.ofKind("backbone_");
    }

    private interface Check {
        void run(FeatureExtractor extractor, VitConfig config);
    }

    private static void with(Fixture f, Check check) {
        OptionalInt heads = OptionalInt.of(f.config().get("num_heads").asInt());
        try (PretrainedWeights weights = PretrainedWeights.open(f.file("model.pth"))) {
            VitConfig config = weights.backbone(heads);
            for (Providers providers : Providers.values()) {
                try (FeatureExtractor extractor =
                        new FeatureExtractor(config, weights.parameters(config), providers.list())) {
                    check.run(extractor, config);
                }
            }
        }
    }

    private static INDArray rows(List<float[]> features) {
        return Nd4j.createFromArray(features.toArray(float[][]::new));
    }

    /** {@code [B, D, h, w]} as {@code [B, h w D]}. */
    private static INDArray flat(INDArray map) {
        long b = map.size(0);
        return map.reshape(b, map.size(1), map.size(2) * map.size(3))
                .permute(0, 2, 1)
                .dup('c')
                .reshape(b, map.length() / b);
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void featuresOfTheLastTwoLayers(Fixture f) {
        with(f, (extractor, config) -> {
            List<INDArray> x = List.of(f.npy("x"));
            int last = config.depth() - 1;
            INDArray[] cls = new INDArray[2];
            INDArray[] maps = new INDArray[2];
            for (int l = 0; l < 2; l++) {
                String name = "inter_last2_norm_b%d_".formatted(last - 1 + l);
                cls[l] = f.npy(name + "cls");
                maps[l] = f.npy(name + "map");
            }
            INDArray both = Nd4j.concat(1, cls);
            assertRelative(
                    both, rows(extractor.features(x, new FeatureKind(Pooling.CLS, 2))), FORWARD, "cls of two layers");
            INDArray[] means = {maps[0].mean(2, 3), maps[1].mean(2, 3)};
            assertRelative(
                    Nd4j.concat(1, means),
                    rows(extractor.features(x, new FeatureKind(Pooling.MEAN, 2))),
                    FORWARD,
                    "means of two layers");
            assertRelative(
                    Nd4j.concat(1, both, means[1]),
                    rows(extractor.features(x, new FeatureKind(Pooling.CLS_MEAN, 2))),
                    FORWARD,
                    "cls of two layers and the last mean");
            assertRelative(
                    flat(Nd4j.concat(1, maps)),
                    rows(extractor.features(x, new FeatureKind(Pooling.PATCHES, 2))),
                    FORWARD,
                    "patches of two layers");
            assertRelative(f.npy("nomask_cls"), rows(extractor.features(x, FeatureKind.cls())), FORWARD, "cls alone");
            INDArray tokens = rows(extractor.features(x, new FeatureKind(Pooling.TOKENS, 2)));
            long width = 2L * config.embedDim();
            INDArray first = tokens.get(NDArrayIndex.all(), NDArrayIndex.interval(0, width));
            assertRelative(both, first, FORWARD, "cls among tokens");
            INDArray others = tokens.get(NDArrayIndex.all(), NDArrayIndex.interval(width, tokens.size(1)));
            assertRelative(flat(Nd4j.concat(1, maps)), others, FORWARD, "patches among tokens");
        });
    }

    /** Official {@code get_intermediate_layers} with a list of blocks, and without norm. */
    @ParameterizedTest
    @MethodSource("backbones")
    void featuresOfNamedBlocks(Fixture f) {
        with(f, (extractor, config) -> {
            List<INDArray> x = List.of(f.npy("x"));
            int compared = 0;
            for (int block = 0; block < config.depth(); block++) {
                for (boolean norm : new boolean[] {true, false}) {
                    String name = "inter_pick_%s_b%d_".formatted(norm ? "norm" : "raw", block);
                    if (f.has(name + "map.npy")) {
                        compared++;
                        FeatureKind cls = FeatureKind.ofBlocks(Pooling.CLS, List.of(block), norm);
                        assertRelative(f.npy(name + "cls"), rows(extractor.features(x, cls)), FORWARD, name + "cls");
                        FeatureKind patches = FeatureKind.ofBlocks(Pooling.PATCHES, List.of(block), norm);
                        assertRelative(
                                flat(f.npy(name + "map")), rows(extractor.features(x, patches)), FORWARD, name + "map");
                    }
                }
            }
            assertTrue(compared > 0, f + " records no blocks");
        });
    }

    /** The recorded list forward has masks on its first element; its second is the smaller images. */
    @ParameterizedTest
    @MethodSource("backbones")
    void imagesOfTwoSizesInOnePass(Fixture f) {
        with(f, (extractor, config) -> {
            List<INDArray> groups = List.of(f.npy("x"), f.npy("x_local"));
            List<PatchFeatures> packed = extractor.patchFeatures(groups);
            int large = (int) groups.get(0).size(0);
            List<float[]> cls = new ArrayList<>();
            List<float[]> patches = new ArrayList<>();
            packed.subList(large, packed.size()).forEach(p -> {
                cls.add(p.cls());
                patches.add(p.patches());
            });
            assertRelative(f.npy("list1_cls"), rows(cls), FORWARD, "packed cls");
            INDArray expected = f.npy("list1_patch");
            assertRelative(
                    expected.reshape(expected.size(0), expected.length() / expected.size(0)),
                    rows(patches),
                    FORWARD,
                    "packed patches");
            INDArray first = rows(
                    packed.subList(0, large).stream().map(PatchFeatures::cls).toList());
            assertRelative(f.npy("nomask_cls"), first, FORWARD, "cls of the larger images");
            assertEquals(config.gridSize(), packed.get(0).gridWidth());
            // as many single passes give the same
            List<float[]> separate = new ArrayList<>();
            for (INDArray group : groups) {
                for (long i = 0; i < group.size(0); i++) {
                    INDArray one = group.get(NDArrayIndex.interval(i, i + 1)).dup('c');
                    separate.addAll(extractor.features(List.of(one), FeatureKind.cls()));
                }
            }
            assertRelative(
                    rows(separate), rows(extractor.features(groups, FeatureKind.cls())), 1e-6, "packed and separate");
        });
    }
}
