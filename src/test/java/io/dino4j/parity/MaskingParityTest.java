package io.dino4j.parity;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.data.crop.BlockMask;
import io.dino4j.data.image.Range;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Statistics of the block masks against two recorded runs; limits as suggested beside the recordings. */
@Tag("parity")
final class MaskingParityTest {
    private static final double KOLMOGOROV = 0.025;
    private static final double MEAN_MASK_RMS = 0.008;
    private static final double MEAN_MASK_MAX = 0.03;

    static List<Fixture> fixtures() {
        return Fixtures.ofKind("masking");
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void sizesAndPlacesFollowTheRecordedDistribution(Fixture fixture) {
        BlockMask block = block(fixture);
        int cells = block.height() * block.width();
        int draws = fixture.config().get("draws").asInt();
        Range ratio = new Range(
                fixture.config().at("/ratio/0").asDouble(),
                fixture.config().at("/ratio/1").asDouble());
        RandomGenerator rng = new SplittableRandom(20);
        double[] counts = new double[cells + 1];
        double[] targets = new double[cells + 1];
        double[] shortfalls = new double[cells + 1];
        double[] mean = new double[cells];
        for (int i = 0; i < draws; i++) {
            int target = (int) (cells * ratio.draw(rng));
            boolean[] mask = block.generate(target, rng);
            int count = 0;
            for (int p = 0; p < cells; p++) {
                if (mask[p]) {
                    count++;
                    mean[p] += 1.0 / draws;
                }
            }
            assertTrue(count <= target, "a mask of " + count + " patches for a request of " + target);
            counts[count]++;
            targets[target]++;
            shortfalls[target - count]++;
        }
        for (int run = 0; fixture.has("count_hist_" + run + ".npy"); run++) {
            assertKolmogorov(fixture, "count_hist_" + run, counts);
            assertKolmogorov(fixture, "target_hist_" + run, targets);
            assertKolmogorov(fixture, "shortfall_hist_" + run, shortfalls);
            assertMeanMask(fixture.npy("mean_mask_" + run).reshape(-1), mean);
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void fixedRequestsAreMetAsOften(Fixture fixture) {
        BlockMask block = block(fixture);
        for (Map.Entry<String, JsonNode> entry :
                fixture.jsonFile("fixed_targets").properties()) {
            int target = Integer.parseInt(entry.getKey());
            JsonNode expected = entry.getValue();
            int draws = 20_000;
            RandomGenerator rng = new SplittableRandom(target);
            double sum = 0;
            double squares = 0;
            int exact = 0;
            for (int i = 0; i < draws; i++) {
                int count = 0;
                for (boolean masked : block.generate(target, rng)) {
                    count += masked ? 1 : 0;
                }
                sum += count;
                squares += (double) count * count;
                exact += count == target ? 1 : 0;
            }
            double mean = sum / draws;
            double std = Math.sqrt(Math.max(0, squares / draws - mean * mean));
            double share = (double) exact / draws;
            // 5000 recorded draws: five standard errors of a mean and of a share.
            double meanError = 5 * Math.max(0.05, expected.get("std").asDouble()) / Math.sqrt(5000) * 1.12;
            assertAll(
                    "request " + target,
                    () -> assertEquals(expected.get("mean").asDouble(), mean, meanError, "mean"),
                    () -> assertEquals(
                            expected.get("std").asDouble(),
                            std,
                            0.3 * expected.get("std").asDouble() + 0.02,
                            "std"),
                    () -> assertEquals(expected.get("fraction_exact").asDouble(), share, 0.025, "share of exact"));
        }
    }

    private static BlockMask block(Fixture fixture) {
        JsonNode config = fixture.config();
        int height = config.at("/grid/0").asInt();
        int width = config.at("/grid/1").asInt();
        BlockMask block = new BlockMask(
                height,
                width,
                config.get("min_num_patches").asInt(),
                config.get("max_num_patches").asInt(),
                config.get("min_aspect").asDouble());
        if (block.minPatches() == 4 && block.minAspect() == 0.3 && block.maxPatches() == height / 2 * width) {
            assertEquals(block, BlockMask.forGrid(height, width), "the recipe's own generator");
        }
        return block;
    }

    private static void assertKolmogorov(Fixture fixture, String name, double[] actual) {
        INDArray expected = fixture.npy(name);
        double total = 0;
        double actualTotal = 0;
        for (int i = 0; i < expected.length(); i++) {
            total += expected.getDouble(i);
            actualTotal += actual[i];
        }
        double gap = 0;
        double worst = 0;
        for (int i = 0; i < expected.length(); i++) {
            gap += expected.getDouble(i) / total - actual[i] / actualTotal;
            worst = Math.max(worst, Math.abs(gap));
        }
        assertTrue(worst <= KOLMOGOROV, name + ": Kolmogorov distance " + worst);
    }

    private static void assertMeanMask(INDArray expected, double[] actual) {
        double squares = 0;
        double worst = 0;
        for (int i = 0; i < actual.length; i++) {
            double difference = Math.abs(expected.getDouble(i) - actual[i]);
            squares += difference * difference;
            worst = Math.max(worst, difference);
        }
        double rms = Math.sqrt(squares / actual.length);
        assertTrue(rms <= MEAN_MASK_RMS && worst <= MEAN_MASK_MAX, "mean mask: rms " + rms + ", worst " + worst);
    }
}
