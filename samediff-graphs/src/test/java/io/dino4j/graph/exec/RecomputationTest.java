package io.dino4j.graph.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.Precision;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.SplitRows;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.Tokens;
import io.dino4j.graph.vit.Vit;
import io.dino4j.graph.vit.VitConfig;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** Recomputation changes where values live, and nothing else. */
final class RecomputationTest {
    private static final DataType F = DataType.FLOAT;

    /** A packed step with local crops and stochastic depth: the same bits in loss and gradients, run after run. */
    @ParameterizedTest
    @CsvSource({"PORTABLE, MLP", "PORTABLE, SWIGLU", "ONEDNN, MLP", "ONEDNN, SWIGLU"})
    void resultsAreTheSameBits(Providers providers, Ffn ffn) {
        try (StudentStep kept = new StudentStep(StudentStep.config(4, ffn), providers.list(), false);
                StudentStep again = new StudentStep(StudentStep.config(4, ffn), providers.list(), true)) {
            for (int run = 0; run < 2; run++) {
                kept.run(1);
                again.run(1);
                assertEquals(kept.loss(), again.loss());
                float[] expected = kept.gradients().vector().toFloatVector();
                assertArrayEquals(expected, again.gradients().vector().toFloatVector(), 0);
                assertTrue(kept.gradients().vector().norm2Number().doubleValue() > 0);
            }
            assertTrue(again.plan().size() > kept.plan().size() + 4 * 8, "eight ops a block are repeated");
            assertTrue(again.plan().bytes() < kept.plan().bytes());
        }
    }

    /** Views of rows and identities of what is made again lie in what was made again. */
    @ParameterizedTest
    @EnumSource(Providers.class)
    void viewsFollowTheirOwners(Providers providers) {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", F, 6, 4);
        SDVariable w = sd.var("w", F, 4, 4);
        SDVariable first = linear(sd, x, w, false);
        SDVariable[] parts = new SplitRows(sd, linear(sd, sd.identity(first), w, true), 2, 4).outputVariables();
        SDVariable second = linear(sd, sd.identity(parts[1]), w, true);
        SDVariable third = linear(sd, second, w, true);
        SDVariable loss = sd.sum("loss", sd.math().tanh(third));
        sd.setLossVariables(loss.name());
        TinyVit.randomize(sd);
        SameDiff graph = Gradients.graph(sd, List.of("w", "x"));
        // a value within a block that the caller wants is kept for the gradients, too
        List<String> outputs =
                List.of("loss", parts[0].name(), second.name(), Gradients.nameOf(sd, "w"), Gradients.nameOf(sd, "x"));
        PlanOptions options = new PlanOptions(providers.list(), Collective.ALONE);
        try (Plan kept = Plan.compile(graph, outputs, Map.of(), Bindings.NONE, options);
                Plan again = Plan.compile(
                        graph,
                        outputs,
                        Map.of(),
                        Bindings.NONE,
                        options.recomputingFrom(List.of(first.name(), third.name())))) {
            for (Plan p : List.of(kept, again)) {
                p.input("x").assign(TinyVit.random(F, 6, 4));
                p.run();
            }
            for (String name : outputs) {
                assertEquals(kept.output(name), again.output(name), name);
            }
            assertEquals(kept.size() + 3, again.size(), "the layers with GELU, whose argument is read");
        }
    }

    private static SDVariable linear(SameDiff sd, SDVariable x, SDVariable w, boolean gelu) {
        return new Linear(sd, x, w, null, gelu, null, null).outputVariables()[0];
    }

    @Test
    void checkpointsMustBeThere() {
        SameDiff sd = SameDiff.create();
        SDVariable y = sd.var("w", F, 4, 4).mul("y", 2);
        PlanOptions options =
                new PlanOptions(Providers.PORTABLE.list(), Collective.ALONE).recomputingFrom(List.of("z"));
        var e = assertThrows(
                IllegalArgumentException.class,
                () -> Plan.compile(sd, List.of(y.name()), Map.of(), Bindings.NONE, options));
        assertEquals("the outputs do not depend on the checkpoints [z]", e.getMessage());
    }

    /** ViT-S/14 on eight images: the tokens between blocks and about what a single block keeps. */
    @Test
    void memoryIsThatOfOneBlock() {
        long tokens = 8 * 257 * 384L * Float.BYTES;
        long kept = backward(12, false).arenaBytes();
        long one = backward(1, false).arenaBytes();
        long again = backward(12, true).arenaBytes();
        assertTrue(again < 13 * tokens + one, again + " bytes, of one block " + one);
        assertTrue(4 * again < kept, again + " bytes instead of " + kept);
    }

    /** The sizes of a plan for loss and gradients of ViT-S/14. */
    private static PlanSize backward(int depth, boolean recompute) {
        SameDiff sd = SameDiff.create();
        SDVariable images = sd.placeHolder("images", F, 8, 3, 224, 224);
        VitConfig c = new VitConfig(224, 14, 384, depth, 6, 4, Ffn.MLP, 0, 1, 0.1, false);
        Vit vit = new Vit(sd, c, "", Precision.F32);
        Tokens t = vit.forward(List.of(new Crops(images, 8, 224, 224)));
        sd.sum("loss", vit.norm(t.prenorm()));
        sd.setLossVariables("loss");
        List<String> names = new ArrayList<>(c.parameters().keySet());
        names.remove("mask_token");
        SameDiff graph = Gradients.graph(sd, names);
        List<String> outputs = new ArrayList<>(List.of("loss"));
        names.forEach(n -> outputs.add(Gradients.nameOf(sd, n)));
        Set<String> outside = new HashSet<>(outputs);
        outside.add("images");
        return Plan.measure(graph, outputs, Map.of(), outside, recompute ? t.boundaries() : List.of());
    }
}
