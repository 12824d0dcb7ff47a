package io.dino4j.zoo.weights;

import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What names and shapes of a weight file tell of its backbone. The number of attention heads they do not tell.
 *
 * @param embedDim {@code D}, width of a token
 * @param depth number of blocks
 * @param patchSize pixels on a patch's side
 * @param ffn kind of feed-forward layer
 * @param hidden its hidden width
 * @param numRegisters register tokens, 0 or more
 * @param gridSize patches on a side of the trained position embedding
 */
public record BackboneShape(
        int embedDim, int depth, int patchSize, Ffn ffn, int hidden, int numRegisters, int gridSize) {
    /** Widths of the official models and of our tiny one, whose heads have 64 channels. */
    private static final Set<Integer> OFFICIAL_WIDTHS = Set.of(192, 384, 768, 1024, 1536);

    private static final int HEAD_WIDTH = 64;

    /** Hidden width over {@code D} of all official models. */
    private static final double MLP_RATIO = 4;

    /** Start value of layer-scale, which trained weights no longer need. */
    private static final double LAYER_SCALE = 1e-5;

    /**
     * Recognises a backbone.
     *
     * @param file for messages
     * @param tensors by official name
     * @throws WeightsException naming the tensor that is missing or of an impossible shape
     */
    static BackboneShape of(Path file, Map<String, TensorInfo> tensors) {
        Finder find = new Finder(file, tensors);
        long[] patch = find.shape("patch_embed.proj.weight", 4);
        long[] positions = find.shape("pos_embed", 3);
        int grid = (int) Math.round(Math.sqrt(positions[1] - 1));
        if (patch[2] != patch[3] || 1 + (long) grid * grid != positions[1]) {
            throw new WeightsException(
                    "%s: patches and grid of a DINOv2 backbone are square, but there are patches of %d x %d pixels and %d positions"
                            .formatted(file, patch[2], patch[3], positions[1]));
        }
        int depth = 0;
        while (find.has("blocks.%d.norm1.weight".formatted(depth))) {
            depth++;
        }
        boolean gated = find.has("blocks.0.mlp.w12.weight");
        long hidden = gated ? find.shape("blocks.0.mlp.w3.weight", 2)[1] : find.shape("blocks.0.mlp.fc1.weight", 2)[0];
        return new BackboneShape(
                (int) patch[0],
                depth,
                (int) patch[2],
                gated ? Ffn.SWIGLU : Ffn.MLP,
                (int) hidden,
                find.has("register_tokens") ? (int) find.shape("register_tokens", 3)[1] : 0,
                grid);
    }

    private record Finder(Path file, Map<String, TensorInfo> tensors) {
        boolean has(String name) {
            return tensors.containsKey(SslConfig.BACKBONE + name);
        }

        long[] shape(String name, int rank) {
            TensorInfo t = tensors.get(SslConfig.BACKBONE + name);
            if (t == null || t.shape().length != rank || t.length() == 0) {
                throw new WeightsException("%s: holds no whole DINOv2 backbone: '%s' is %s"
                        .formatted(file, name, t == null ? "missing" : "of another shape, " + t));
            }
            return t.shape();
        }
    }

    /** Attention heads, 64 channels each, if the width is an official one. */
    OptionalInt officialHeads() {
        return OFFICIAL_WIDTHS.contains(embedDim) ? OptionalInt.of(embedDim / HEAD_WIDTH) : OptionalInt.empty();
    }

    /** The configuration, with the interpolation of the released models: with registers antialiased and without offset. */
    VitConfig config(int heads) {
        VitConfig plain = new VitConfig(
                gridSize * patchSize, patchSize, embedDim, depth, heads, mlpRatio(), ffn, 0, LAYER_SCALE, 0.1, false);
        return numRegisters == 0 ? plain : plain.withRegisters(numRegisters);
    }

    private double mlpRatio() {
        if (ffn.hidden(embedDim, MLP_RATIO) == hidden) {
            return MLP_RATIO;
        }
        double ratio = (hidden + 0.5) / embedDim; // the half keeps rounding from taking one away
        return ffn == Ffn.MLP ? ratio : ratio * 3 / 2;
    }

    /**
     * Refuses to load into another architecture, in words rather than as a list of tensors.
     *
     * @throws WeightsException naming every size that differs; the grid may
     */
    void requireFits(Path file, VitConfig c) {
        BackboneShape wanted = new BackboneShape(
                c.embedDim(), c.depth(), c.patchSize(), c.ffn(), c.hidden(), c.numRegisters(), gridSize);
        if (!equals(wanted)) {
            throw new WeightsException("%s: holds %s, but wanted is %s; choose a preset, or student.* keys, that fit"
                    .formatted(file, this, wanted));
        }
    }

    /** Such as {@code a ViT of width 384 with 12 blocks, MLP of 1536, patches of 14 pixels, 0 registers}. */
    @Override
    public String toString() {
        return "a ViT of width %d with %d blocks, %s of %d, patches of %d pixels, %d registers"
                .formatted(embedDim, depth, ffn, hidden, patchSize, numRegisters);
    }
}
