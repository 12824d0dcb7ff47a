package io.dino4j.graph.vit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.Near;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.exec.TinyVit;
import io.dino4j.graph.kernel.Collective;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Crops of different sizes in one pass. */
final class VitTest {
    private static final DataType F = DataType.FLOAT;
    /** Images, height, width. */
    private static final int[][] SIZES = {{2, 8, 20}, {3, 12, 4}, {1, 16, 8}};

    private static final VitConfig CONFIG = new VitConfig(12, 4, 24, 2, 3, 2.5, Ffn.SWIGLU, 3, 0.5, 0.1, true);

    /** A pass of some of the groups; the last holds any number of images if {@code open}. */
    private static INDArray run(Providers providers, boolean open, boolean masked, int... groups) {
        SameDiff sd = SameDiff.create();
        Vit vit = new Vit(sd, CONFIG, "backbone.", Precision.F32);
        List<Crops> crops = new ArrayList<>();
        Map<String, INDArray> in = new HashMap<>();
        for (int g : groups) {
            int count = open && g == groups[groups.length - 1] ? -1 : SIZES[g][0];
            int h = SIZES[g][1];
            int w = SIZES[g][2];
            in.put("x" + g, TinyVit.random(F, SIZES[g][0], 3, h, w));
            SDVariable x = sd.placeHolder("x" + g, F, count, 3, h, w);
            Optional<SDVariable> mask = Optional.empty();
            if (masked && g != 1) {
                INDArray m = TinyVit.random(F, SIZES[g][0], h * w / 16).gt(0).castTo(F);
                in.put("m" + g, m);
                mask = Optional.of(sd.placeHolder("m" + g, F, count, h * w / 16));
            }
            crops.add(new Crops(x, count, h, w, mask));
        }
        Tokens tokens = vit.forward(crops);
        assertEquals(CONFIG.depth(), tokens.blocks().size());
        assertEquals(CONFIG.depth(), tokens.qkv().size());
        assertEquals(tokens.prenorm().name(), tokens.blocks().get(1).name());
        TinyVit.randomize(sd);
        String name = vit.norm(tokens.prenorm()).name();
        try (Plan plan = Plan.compile(sd, List.of(name), in, Bindings.NONE, providers.list(), Collective.ALONE)) {
            in.forEach((n, a) -> plan.input(n).assign(a));
            plan.run();
            return plan.output(name).dup('c');
        }
    }

    @ParameterizedTest
    @EnumSource(Providers.class)
    void packedCropsEqualSeparatePasses(Providers providers) {
        for (boolean masked : new boolean[] {false, true}) {
            INDArray packed = run(providers, false, masked, 0, 1, 2);
            Near.assertSame(packed, run(providers, true, masked, 0, 1, 2), "any number in the last group");
            int row = 0;
            for (int g = 0; g < SIZES.length; g++) {
                int rows = SIZES[g][0] * CONFIG.numTokens(SIZES[g][1], SIZES[g][2]);
                INDArray part = packed.get(NDArrayIndex.interval(row, row + rows), NDArrayIndex.all());
                Near.assertNear(run(providers, g == 1, masked, g), part, 2 * Near.FLOAT, "group " + g);
                row += rows;
            }
            assertEquals(packed.size(0), row);
        }
    }

    @Test
    void masksMatter() {
        double difference = run(Providers.PORTABLE, false, true, 0)
                .sub(run(Providers.PORTABLE, false, false, 0))
                .amaxNumber()
                .doubleValue();
        assertEquals(1, Math.signum(difference - 0.01), "masks change the tokens");
    }

    @Test
    void tokensAreFoundByRow() {
        SameDiff sd = SameDiff.create();
        List<Crops> crops = new ArrayList<>();
        for (int[] s : SIZES) {
            crops.add(new Crops(sd.placeHolder("x" + crops.size(), F, s[0], 3, s[1], s[2]), s[0], s[1], s[2]));
        }
        TokenLayout t = new Vit(sd, CONFIG, "", Precision.F32).layout(crops);
        // 1 + 3 + 10, 1 + 3 + 3 and 1 + 3 + 8 tokens
        assertEquals(0, t.clsRow(0, 0));
        assertEquals(14, t.clsRow(0, 1));
        assertEquals(28 + 7, t.clsRow(1, 1));
        assertEquals(28 + 21, t.clsRow(2, 0));
        assertEquals(14 + 4 + 9, t.patchRow(0, 1, 9));
        assertEquals(28 + 14 + 4, t.patchRow(1, 2, 0));
        assertEquals(28 + 21 + SIZES[2][0] * 12, t.numRows());
    }

    @Test
    void imagesOfPartialPatchesAreRefused() {
        SameDiff sd = SameDiff.create();
        Vit vit = new Vit(sd, CONFIG, "", Precision.F32);
        var crops = List.of(new Crops(sd.placeHolder("x", F, 1, 3, 10, 8), 1, 10, 8));
        TinyVit.randomize(sd);
        String name = vit.forward(crops).prenorm().name();
        var e = assertThrows(
                IllegalArgumentException.class,
                () -> Plan.compile(
                        sd, List.of(name), Map.of(), Bindings.NONE, Providers.PORTABLE.list(), Collective.ALONE));
        assertEquals(
                "op dino_patchify: images [B, C, H, W] in whole patches of 4, got [[1, 3, 10, 8]]", e.getMessage());
    }
}
