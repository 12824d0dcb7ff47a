package io.dino4j.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.data.crop.MaskCollator;
import io.dino4j.data.crop.MaskSet;
import io.dino4j.data.image.Range;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Batch assembly from recorded random choices, and the static bound on masked patches. */
@Tag("parity")
final class CollateParityTest {
    static List<Fixture> fixtures() {
        return Fixtures.ofKind("collate");
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void recordedChoicesGiveTheRecordedBatch(Fixture fixture) {
        JsonNode config = fixture.config();
        int slots = config.get("samples").asInt() * config.get("global_crops").asInt();
        int patches = config.get("n_tokens").asInt();
        MaskCollator collator = collator(config, slots);

        int[] requested = collator.requested(fixture.npy("uniforms").toDoubleVector());
        assertArrayEquals(ints(fixture.npy("requested")), requested);
        assertEquals(fixture.npy("upperbound").getInt(0), collator.upperBound());

        INDArray generated = fixture.npy("generated_masks").reshape(slots, patches);
        boolean[][] masks = new boolean[slots][patches];
        for (int i = 0; i < slots; i++) {
            for (int p = 0; p < patches; p++) {
                masks[i][p] = generated.getInt(i, p) != 0;
            }
        }
        MaskSet set = collator.collate(masks, ints(fixture.npy("permutation")));
        INDArray expected = fixture.npy("collated_masks").reshape(-1);
        assertEquals(expected.length(), set.masks().length);
        for (int i = 0; i < set.masks().length; i++) {
            assertEquals(expected.getInt(i), set.masks()[i], "mask at " + i);
        }
        assertArrayEquals(ints(fixture.npy("mask_indices_list")), set.indices());
        assertEquals(ints(fixture.npy("n_masked_patches"))[0], set.indices().length);
        assertArrayEquals(fixture.npy("masks_weight").toFloatVector(), set.weights(), 1e-7f);
        assertTrue(set.indices().length <= collator.upperBound());
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void cropsAreStackedCropByCrop(Fixture fixture) {
        for (String kind : List.of("global", "local")) {
            INDArray samples = fixture.npy("samples_" + kind);
            INDArray stacked = fixture.npy("collated_" + kind + "_crops");
            long count = samples.size(0);
            for (long i = 0; i < count; i++) {
                for (long c = 0; c < samples.size(1); c++) {
                    assertEquals(
                            samples.slice(i).slice(c).ravel(),
                            stacked.slice(c * count + i).ravel(),
                            "row of crop " + c + " of image " + i + " as documented by Batch");
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void upperBoundsAreTheRecordedOnes(Fixture fixture) {
        for (JsonNode row : fixture.jsonFile("upperbounds")) {
            MaskCollator collator = collator(row, row.get("crops").asInt());
            int[] upper = collator.slotUpper();
            assertEquals(row.get("slots").asInt(), upper.length, row::toString);
            Set<Integer> uncertain = new HashSet<>();
            row.get("build_dependent_slots").forEach(slot -> uncertain.add(slot.asInt()));
            int sum = 0;
            for (int i = 0; i < upper.length; i++) {
                int expected = row.get("slot_upper").get(i).asInt();
                assertEquals(expected, upper[i], uncertain.contains(i) ? 1 : 0, "slot " + i + " of " + row);
                sum += upper[i];
            }
            assertEquals(sum, collator.upperBound());
        }
    }

    private static MaskCollator collator(JsonNode config, int slots) {
        return new MaskCollator(
                slots,
                config.get("n_tokens").asInt(),
                config.get("mask_probability").asDouble(),
                new Range(
                        config.at("/ratio/0").asDouble(), config.at("/ratio/1").asDouble()));
    }

    private static int[] ints(INDArray array) {
        return array.reshape(-1).toIntVector();
    }
}
