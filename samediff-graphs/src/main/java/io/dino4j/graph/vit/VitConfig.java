package io.dino4j.graph.vit;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The shape of a Vision Transformer (paper Table 17; official {@code vision_transformer.py}).
 *
 * @param imageSize pixels on a side of the images that the position embedding is trained on; a multiple of {@code patchSize}
 * @param patchSize pixels on a patch's side
 * @param embedDim {@code D}, width of a token
 * @param depth number of blocks
 * @param numHeads {@code H}; divides {@code embedDim}
 * @param mlpRatio hidden width of the feed-forward layer in units of {@code D}, before the rule of {@code ffn}
 * @param ffn kind of feed-forward layer
 * @param numRegisters register tokens, 0 or more
 * @param layerScale initial value of layer-scale
 * @param interpolateOffset added to the grid in the scale when positions are interpolated: 0.1 or 0
 * @param interpolateAntialias widen the kernel when positions are interpolated to a smaller grid
 */
public record VitConfig(
        int imageSize,
        int patchSize,
        int embedDim,
        int depth,
        int numHeads,
        double mlpRatio,
        Ffn ffn,
        int numRegisters,
        double layerScale,
        double interpolateOffset,
        boolean interpolateAntialias) {
    /** Added to the variance in every layer norm. */
    public static final double NORM_EPS = 1e-6;

    /** Colour channels of an image. */
    public static final int CHANNELS = 3;

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException naming what does not fit
     */
    public VitConfig {
        require(patchSize > 0 && imageSize >= patchSize, "a patch size from 1 to the image size", patchSize);
        require(
                imageSize % patchSize == 0,
                "an image size that is a multiple of the patch size " + patchSize,
                imageSize);
        require(depth > 0, "a positive depth", depth);
        require(numHeads > 0 && embedDim % numHeads == 0, "a width that splits into " + numHeads + " heads", embedDim);
        require(numRegisters >= 0, "zero or more registers", numRegisters);
    }

    private static void require(boolean ok, String what, Object got) {
        if (!ok) {
            throw new IllegalArgumentException("the backbone needs %s, got %s".formatted(what, got));
        }
    }

    private static VitConfig of(int dim, int depth, int heads, Ffn ffn) {
        return new VitConfig(518, 14, dim, depth, heads, 4, ffn, 0, 1e-5, 0.1, false);
    }

    /** ViT-Ti/14, which the paper does not have: for CPUs. */
    public static VitConfig tiny14() {
        return of(192, 12, 3, Ffn.MLP);
    }

    /** ViT-S/14: 22 million parameters. */
    public static VitConfig small14() {
        return of(384, 12, 6, Ffn.MLP);
    }

    /** ViT-B/14: 87 million parameters. */
    public static VitConfig base14() {
        return of(768, 12, 12, Ffn.MLP);
    }

    /** ViT-L/14: 304 million parameters. */
    public static VitConfig large14() {
        return of(1024, 24, 16, Ffn.MLP);
    }

    /** ViT-g/14: 1.1 billion parameters. */
    public static VitConfig giant14() {
        return of(1536, 40, 24, Ffn.SWIGLU);
    }

    /** The same with register tokens, whose released models interpolate with antialias and without offset. */
    public VitConfig withRegisters(int n) {
        return new VitConfig(imageSize, patchSize, embedDim, depth, numHeads, mlpRatio, ffn, n, layerScale, 0, true);
    }

    /** The same for images of another size. */
    public VitConfig withImageSize(int size) {
        return new VitConfig(
                size,
                patchSize,
                embedDim,
                depth,
                numHeads,
                mlpRatio,
                ffn,
                numRegisters,
                layerScale,
                interpolateOffset,
                interpolateAntialias);
    }

    /** Patches on a side of the trained grid. */
    public int gridSize() {
        return imageSize / patchSize;
    }

    /** Tokens that come before the patches: cls and registers. */
    public int numPrefixTokens() {
        return 1 + numRegisters;
    }

    /** Tokens of an image of {@code height x width} pixels. */
    public int numTokens(int height, int width) {
        return numPrefixTokens() + (height / patchSize) * (width / patchSize);
    }

    /** Hidden width of the feed-forward layer. */
    public int hidden() {
        return ffn.hidden(embedDim, mlpRatio);
    }

    /** Official names and shapes of all parameters, in official order. */
    public Map<String, long[]> parameters() {
        Map<String, long[]> p = new LinkedHashMap<>();
        long d = embedDim;
        p.put("cls_token", new long[] {1, 1, d});
        p.put("pos_embed", new long[] {1, 1 + (long) gridSize() * gridSize(), d});
        if (numRegisters > 0) {
            p.put("register_tokens", new long[] {1, numRegisters, d});
        }
        p.put("mask_token", new long[] {1, d});
        p.put("patch_embed.proj.weight", new long[] {d, CHANNELS, patchSize, patchSize});
        p.put("patch_embed.proj.bias", new long[] {d});
        for (int i = 0; i < depth; i++) {
            String b = "blocks." + i + ".";
            norm(p, b + "norm1");
            linear(p, b + "attn.qkv", d, 3 * d);
            linear(p, b + "attn.proj", d, d);
            p.put(b + "ls1.gamma", new long[] {d});
            norm(p, b + "norm2");
            switch (ffn) {
                case MLP -> {
                    linear(p, b + "mlp.fc1", d, hidden());
                    linear(p, b + "mlp.fc2", hidden(), d);
                }
                case SWIGLU -> {
                    linear(p, b + "mlp.w12", d, 2L * hidden());
                    linear(p, b + "mlp.w3", hidden(), d);
                }
            }
            p.put(b + "ls2.gamma", new long[] {d});
        }
        norm(p, "norm");
        return p;
    }

    private void norm(Map<String, long[]> p, String name) {
        p.put(name + ".weight", new long[] {embedDim});
        p.put(name + ".bias", new long[] {embedDim});
    }

    private static void linear(Map<String, long[]> p, String name, long in, long out) {
        p.put(name + ".weight", new long[] {out, in});
        p.put(name + ".bias", new long[] {out});
    }
}
