package io.dino4j.graph.param;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Layout, views and start values of parameters. */
final class ParametersTest {
    private static ParameterLayout layout() {
        VitConfig vit = new VitConfig(28, 7, 64, 2, 2, 4, Ffn.SWIGLU, 40, 0.3, 0.1, false);
        Map<String, long[]> shapes = new LinkedHashMap<>();
        vit.parameters().forEach((n, s) -> shapes.put("backbone." + n, s));
        new HeadConfig(64, 200, 96, 48, 3).parameters().forEach((n, s) -> shapes.put("dino_head." + n, s));
        return ParameterLayout.of(shapes);
    }

    private static ParameterVector filled(long seed) {
        ParameterVector v = ParameterVector.zeros(layout(), DataType.DOUBLE);
        Initialization.fill(v, 0.3, seed);
        return v;
    }

    @Test
    void parametersFollowOneAnother() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("b", new long[] {2, 3});
        shapes.put("a", new long[] {4});
        shapes.put("c", new long[] {1, 1, 5});
        ParameterLayout layout = ParameterLayout.of(shapes);
        shapes.get("b")[0] = 100; // a copy was taken
        assertEquals(List.of("b", "a", "c"), layout.names());
        assertEquals(15, layout.length());
        assertEquals(6, layout.get("a").offset());
        assertEquals(10, layout.get("c").offset());
        assertEquals(6, layout.entries().get(0).length());
        assertTrue(layout.contains("c"));
        assertFalse(layout.contains("d"));
        var e = assertThrows(IllegalArgumentException.class, () -> layout.get("d"));
        assertEquals("no parameter is named 'd'", e.getMessage());
        layout.names().clear();
        layout.entries().clear();
        assertEquals(3, layout.names().size());
    }

    @Test
    void viewsOfASubNetworkHaveItsOwnNames() {
        ParameterVector v = filled(1);
        Map<String, INDArray> head = v.views("dino_head.");
        assertEquals(new HeadConfig(64, 200, 96, 48, 3).parameters().keySet(), head.keySet());
        assertEquals(v.layout().names(), List.copyOf(v.views("").keySet()));
        head.get("mlp.0.bias").putScalar(3, 7);
        assertEquals(7, v.view("dino_head.mlp.0.bias").getDouble(3));
    }

    @Test
    void viewsWriteTheVector() {
        ParameterLayout layout = ParameterLayout.of(Map.of("only", new long[] {2, 2}));
        ParameterVector one = ParameterVector.zeros(layout, DataType.FLOAT);
        one.view("only").putScalar(1, 0, 5);
        assertArrayEquals(new float[] {0, 0, 5, 0}, one.vector().toFloatVector());

        ParameterVector v = ParameterVector.zeros(layout(), DataType.FLOAT);
        double expected = 0;
        for (ParameterLayout.Entry e : v.layout().entries()) {
            INDArray view = v.view(e.name());
            assertArrayEquals(e.shape(), view.shape());
            view.addi(e.offset() + 1);
            expected += (e.offset() + 1) * (double) e.length();
            assertEquals(e.offset() + 1, v.vector().getDouble(e.offset()), 0.5);
            assertEquals(e.offset() + 1, v.vector().getDouble(e.offset() + e.length() - 1), 0.5);
        }
        assertEquals(expected, v.vector().castTo(DataType.DOUBLE).sumNumber().doubleValue(), 1e-6 * expected);
        v.vector().assign(3);
        assertEquals(3, v.view("backbone.norm.bias").getDouble(63));
        assertThrows(IllegalArgumentException.class, () -> v.view("norm.bias"));
    }

    @Test
    void startValuesHaveTheOfficialStatistics() {
        ParameterVector v = filled(7);
        assertNormal(v, "backbone.pos_embed", 0.02);
        assertNormal(v, "backbone.blocks.0.attn.qkv.weight", 0.02);
        assertNormal(v, "backbone.blocks.1.mlp.w12.weight", 0.02);
        assertNormal(v, "dino_head.mlp.0.weight", 0.02);
        assertNormal(v, "dino_head.mlp.4.weight", 0.02);
        assertNormal(v, "backbone.register_tokens", 1e-6);
        assertEquals(1e-6, v.view("backbone.cls_token").stdNumber().doubleValue(), 4e-7);
        assertUniform(v, "backbone.patch_embed.proj.weight", 1 / Math.sqrt(3 * 7 * 7));
        assertUniform(v, "dino_head.last_layer.weight_v", 1 / Math.sqrt(48));
        for (String n : List.of("mask_token", "blocks.0.attn.qkv.bias", "blocks.1.mlp.w3.bias", "norm.bias")) {
            assertConstant(v, "backbone." + n, 0);
        }
        assertConstant(v, "dino_head.mlp.2.bias", 0);
        assertConstant(v, "backbone.norm.weight", 1);
        assertConstant(v, "backbone.blocks.1.norm2.weight", 1);
        assertConstant(v, "backbone.blocks.1.ls2.gamma", 0.3);
        assertConstant(v, "dino_head.last_layer.weight_g", 1);
    }

    private static void assertNormal(ParameterVector v, String name, double std) {
        INDArray x = v.view(name);
        double n = x.length();
        assertEquals(std, x.stdNumber().doubleValue(), 4 * std / Math.sqrt(2 * n), name);
        assertEquals(0, x.meanNumber().doubleValue(), 4 * std / Math.sqrt(n), name);
        assertTrue(x.amaxNumber().doubleValue() > 2.5 * std, name + " is not normal");
    }

    private static void assertUniform(ParameterVector v, String name, double bound) {
        INDArray x = v.view(name);
        assertTrue(x.amaxNumber().doubleValue() <= bound, name);
        assertEquals(bound, x.maxNumber().doubleValue(), 0.02 * bound, name);
        assertEquals(-bound, x.minNumber().doubleValue(), 0.02 * bound, name);
        assertEquals(bound / Math.sqrt(3), x.stdNumber().doubleValue(), 0.03 * bound, name);
    }

    private static void assertConstant(ParameterVector v, String name, double value) {
        INDArray x = v.view(name);
        assertEquals(value, x.minNumber().doubleValue(), name);
        assertEquals(value, x.maxNumber().doubleValue(), name);
    }

    @Test
    void theSeedDecidesAndNothingElse() {
        ParameterVector a = filled(7);
        ParameterVector b = filled(7);
        assertArrayEquals(a.vector().toDoubleVector(), b.vector().toDoubleVector());
        ParameterVector c = filled(8);
        String first = "backbone.blocks.0.attn.qkv.weight";
        assertTrue(a.view(first).sub(c.view(first)).amaxNumber().doubleValue() > 0.01);
        String second = "backbone.blocks.1.attn.qkv.weight";
        assertTrue(a.view(first).sub(a.view(second)).amaxNumber().doubleValue() > 0.01, "each has its own");

        // not even what else the network has
        ParameterVector alone = ParameterVector.zeros(
                ParameterLayout.of(Map.of(first, a.layout().get(first).shape())), DataType.DOUBLE);
        Initialization.fill(alone, 0.3, 7);
        assertArrayEquals(
                a.view(first).dup('c').reshape(-1).toDoubleVector(),
                alone.vector().toDoubleVector());
    }
}
