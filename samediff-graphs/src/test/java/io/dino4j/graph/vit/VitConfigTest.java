package io.dino4j.graph.vit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.graph.param.ParameterLayout;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes of backbones. */
final class VitConfigTest {
    /** Parameters of the released models, which a loaded state dict has too. */
    @ParameterizedTest
    @CsvSource({"S, 22056576, 22058112", "B, 86580480, 86583552", "L, 304368640, 304372736", "g, 1136480768, 1136486912"
    })
    void parametersAreAsManyAsReleased(String size, long plain, long withRegisters) {
        VitConfig c = Map.of(
                        "S",
                        VitConfig.small14(),
                        "B",
                        VitConfig.base14(),
                        "L",
                        VitConfig.large14(),
                        "g",
                        VitConfig.giant14())
                .get(size);
        assertEquals(plain, ParameterLayout.of(c.parameters()).length());
        assertEquals(
                withRegisters,
                ParameterLayout.of(c.withRegisters(4).parameters()).length());
        assertEquals(64, c.embedDim() / c.numHeads());
    }

    @ParameterizedTest
    @CsvSource({"MLP, 384, 4, 1536", "SWIGLU, 1536, 4, 4096", "SWIGLU, 1024, 4, 2736", "SWIGLU, 24, 2.5, 40"})
    void hiddenWidth(Ffn ffn, int dim, double ratio, int hidden) {
        assertEquals(hidden, ffn.hidden(dim, ratio));
    }

    @Test
    void parametersHaveOfficialNamesInOfficialOrder() {
        VitConfig c = new VitConfig(28, 14, 8, 1, 2, 4, Ffn.MLP, 2, 1e-5, 0.1, false);
        assertEquals(
                List.of(
                        "cls_token",
                        "pos_embed",
                        "register_tokens",
                        "mask_token",
                        "patch_embed.proj.weight",
                        "patch_embed.proj.bias",
                        "blocks.0.norm1.weight",
                        "blocks.0.norm1.bias",
                        "blocks.0.attn.qkv.weight",
                        "blocks.0.attn.qkv.bias",
                        "blocks.0.attn.proj.weight",
                        "blocks.0.attn.proj.bias",
                        "blocks.0.ls1.gamma",
                        "blocks.0.norm2.weight",
                        "blocks.0.norm2.bias",
                        "blocks.0.mlp.fc1.weight",
                        "blocks.0.mlp.fc1.bias",
                        "blocks.0.mlp.fc2.weight",
                        "blocks.0.mlp.fc2.bias",
                        "blocks.0.ls2.gamma",
                        "norm.weight",
                        "norm.bias"),
                List.copyOf(c.parameters().keySet()));
        assertArrayEquals(new long[] {1, 5, 8}, c.parameters().get("pos_embed"));
        assertArrayEquals(new long[] {8, 3, 14, 14}, c.parameters().get("patch_embed.proj.weight"));
        assertArrayEquals(new long[] {32, 8}, c.parameters().get("blocks.0.mlp.fc1.weight"));
    }

    @Test
    void registersChangeTheInterpolation() {
        VitConfig c = VitConfig.small14();
        assertEquals(0.1, c.interpolateOffset());
        assertEquals(false, c.interpolateAntialias());
        assertEquals(0, c.withRegisters(4).interpolateOffset());
        assertEquals(true, c.withRegisters(4).interpolateAntialias());
        assertEquals(1 + 16 * 16, c.numTokens(224, 224));
        assertEquals(5 + 16 * 7, c.withRegisters(4).numTokens(224, 98));
        assertEquals(16, c.withImageSize(224).gridSize());
    }

    @Test
    void sizesThatDoNotFitAreNamed() {
        assertEquals(
                "the backbone needs an image size that is a multiple of the patch size 14, got 100",
                message(100, 14, 64, 2, 2, 0));
        assertEquals("the backbone needs a patch size from 1 to the image size, got 0", message(100, 0, 64, 2, 2, 0));
        assertEquals(
                "the backbone needs a patch size from 1 to the image size, got 128", message(64, 128, 64, 2, 2, 0));
        assertEquals("the backbone needs a positive depth, got 0", message(28, 14, 64, 0, 2, 0));
        assertEquals("the backbone needs a width that splits into 3 heads, got 64", message(28, 14, 64, 2, 3, 0));
        assertEquals("the backbone needs a width that splits into 0 heads, got 64", message(28, 14, 64, 2, 0, 0));
        assertEquals("the backbone needs zero or more registers, got -1", message(28, 14, 64, 2, 2, -1));
    }

    private static String message(int image, int patch, int dim, int depth, int heads, int registers) {
        return assertThrows(
                        IllegalArgumentException.class,
                        () -> new VitConfig(image, patch, dim, depth, heads, 4, Ffn.MLP, registers, 1e-5, 0.1, false))
                .getMessage();
    }
}
