package io.dino4j.parity;

import static io.dino4j.parity.Closeness.FORWARD;
import static io.dino4j.parity.Closeness.assertRelative;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.data.Progress;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.FeatureExtractor;
import io.dino4j.zoo.weights.NamingScheme;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.WeightType;
import io.dino4j.zoo.weights.WeightsExport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The recorded tokens come out of weight files as users load them: as they are, and converted to every naming scheme. */
@Tag("parity")
final class NamingParityTest {
    static Stream<Arguments> files() {
        return Fixtures.ofKind("backbone_").stream().flatMap(f -> Stream.of("model.pth", "model.safetensors")
                .filter(f::has)
                .map(file -> Arguments.of(f, file)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("files")
    void tokensAreThoseOfTheReference(Fixture fixture, String file, @TempDir Path dir) throws IOException {
        OptionalInt heads = OptionalInt.of(fixture.config().get("num_heads").asInt());
        try (PretrainedWeights weights = PretrainedWeights.open(fixture.file(file))) {
            assertEquals(NamingScheme.OFFICIAL, weights.scheme());
            check(fixture, weights, heads, file);
            for (NamingScheme scheme : NamingScheme.values()) {
                Path converted = dir.resolve(scheme.option() + ".safetensors");
                new WeightsExport(scheme, WeightType.FLOAT32).write(converted, weights, heads, false, Progress.SILENT);
                try (PretrainedWeights again = PretrainedWeights.open(converted)) {
                    assertEquals(scheme, again.scheme());
                    check(fixture, again, OptionalInt.empty(), scheme.option());
                }
            }
        }
    }

    private static void check(Fixture fixture, PretrainedWeights weights, OptionalInt heads, String what) {
        VitConfig config = weights.backbone(heads);
        assertEquals(fixture.config().get("img_size").asInt(), config.imageSize());
        try (FeatureExtractor extractor =
                new FeatureExtractor(config, weights.parameters(config), Providers.forThisMachine())) {
            INDArray images = fixture.npy("x");
            assertRelative(fixture.npy("nomask_cls"), extractor.cls(images), FORWARD, what + " cls");
            assertRelative(fixture.npy("nomask_patch"), extractor.patches(images), FORWARD, what + " patches");
        }
    }
}
