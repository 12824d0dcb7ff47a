package io.dino4j.graph.vit;

import io.dino4j.graph.Precision;
import io.dino4j.graph.op.AddKeptRows;
import io.dino4j.graph.op.AddRows;
import io.dino4j.graph.op.Attention;
import io.dino4j.graph.op.Attention.Sequences;
import io.dino4j.graph.op.EmbedTokens;
import io.dino4j.graph.op.GatherRows;
import io.dino4j.graph.op.LayerNorm;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.Patchify;
import io.dino4j.graph.op.PositionEmbedding;
import io.dino4j.graph.op.SwiGlu;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The backbone in a SameDiff graph. Crops of several sizes go through it in one pass, their tokens below one another in one matrix
 * {@code [T, D]} (paper section 5, "sequence packing"): the result equals separate passes.
 */
public final class Vit {
    private final SameDiff sd;
    private final VitConfig c;
    private final Precision precision;
    private final Map<String, SDVariable> parameters = new HashMap<>();

    /**
     * Declares the parameters in a graph; their arrays are bound when the graph is compiled, or set by the caller.
     *
     * @param prefix put before the official names, such as {@code "backbone."}
     * @param precision of parameters, whose type images have too, and of tokens
     */
    public Vit(SameDiff sd, VitConfig config, String prefix, Precision precision) {
        this.sd = sd;
        this.c = config;
        this.precision = precision;
        config.parameters()
                .forEach((name, shape) -> parameters.put(name, sd.var(prefix + name, precision.parameters(), shape)));
    }

    /** The pass of inference: nothing is dropped. */
    public Tokens forward(List<Crops> crops) {
        return forward(crops, 0, true);
    }

    /**
     * The pass of training.
     *
     * @param dropRate stochastic depth, from 0 to below 1; above 0 every group needs a fixed number of images
     * @param uniform the same rate in all blocks, else rising linearly from 0
     */
    public Tokens forward(List<Crops> crops, double dropRate, boolean uniform) {
        return forward(crops, dropRate, uniform, Optional.empty());
    }

    /**
     * The pass of training, of whose result only some tokens are read: {@link Tokens#prenorm} is {@code [M, D]}. The same as if they were
     * picked afterwards, but what follows the attention of the last block is worked out for them alone where that is less work. Every
     * group needs a fixed number of images.
     *
     * @param rows the tokens that are read, INT32 {@code [M]}, rows of the {@link #layout}; one may occur more than once
     */
    public Tokens forward(List<Crops> crops, double dropRate, boolean uniform, SDVariable rows) {
        return forward(crops, dropRate, uniform, Optional.of(rows));
    }

    /** Where the tokens of which crop will be. */
    public TokenLayout layout(List<Crops> crops) {
        List<Sequences> groups = crops.stream()
                .map(x -> new Sequences(x.count(), c.numTokens(x.height(), x.width())))
                .toList();
        return new TokenLayout(groups, c.numRegisters());
    }

    private Tokens forward(List<Crops> crops, double dropRate, boolean uniform, Optional<SDVariable> rows) {
        TokenLayout layout = layout(crops);
        List<Sequences> groups = layout.groups();
        DropPath drop = dropRate > 0 ? DropPath.of(c.depth(), dropRate, uniform, groups) : DropPath.NONE;
        drop.branches().forEach(b -> sd.placeHolder(b.placeholder(), DataType.INT32, b.numRows()));
        DropPath.Branch last = drop.find(c.depth() - 1, false);
        int all = last == null ? layout.numRows() : last.numRows();
        Optional<SDVariable> fewer = rows.filter(r -> r.getShape()[0] < all); // else nothing is gained

        SDVariable embedded = embed(crops); //                                                   [T, D]
        SDVariable x = embedded;
        List<SDVariable> blocks = new ArrayList<>();
        List<SDVariable> qkv = new ArrayList<>();
        for (int i = 0; i < c.depth(); i++) {
            Optional<SDVariable> read = i == c.depth() - 1 ? fewer : Optional.empty();
            x = attentionBranch(x, i, groups, drop.find(i, true), read, qkv); //                 [T, D] or [M, D]
            x = ffnBranch(x, i, drop.find(i, false), read); //                                   [T, D] or [M, D]
            blocks.add(x);
        }
        return new Tokens(fewer.isPresent() ? x : pick(x, rows), embedded, blocks, qkv, layout, drop);
    }

    /** The final layer norm, of any rows: {@code [M, D]} to {@code [M, D]}. */
    public SDVariable norm(SDVariable rows) {
        return layerNorm(rows, "norm", false)[0];
    }

    private SDVariable embed(List<Crops> crops) {
        List<SDVariable> images = crops.stream().map(Crops::images).toList();
        SDVariable pixels = new Patchify(sd, images, c.patchSize(), precision.isMixed()).outputVariable(); // [P, 3 p p]
        SDVariable patches = linear(pixels, "patch_embed.proj", false, null, null); //           [P, D]

        Map<List<Integer>, SDVariable> bySize = new HashMap<>();
        List<SDVariable> positions = new ArrayList<>();
        List<SDVariable> masks = new ArrayList<>();
        List<EmbedTokens.Group> groups = new ArrayList<>();
        for (Crops x : crops) {
            int h = x.height() / c.patchSize();
            int w = x.width() / c.patchSize();
            positions.add(bySize.computeIfAbsent(List.of(h, w), s -> position(h, w))); //        [1 + h w, D]
            x.mask().ifPresent(masks::add);
            groups.add(new EmbedTokens.Group(x.count(), h * w, x.mask().isPresent()));
        }
        return new EmbedTokens(
                        sd,
                        patches,
                        parameters.get("cls_token"),
                        parameters.get("mask_token"),
                        parameters.get("register_tokens"),
                        c.numRegisters(),
                        positions,
                        masks,
                        groups)
                .outputVariable();
    }

    private SDVariable position(int h, int w) {
        return new PositionEmbedding(
                        sd, parameters.get("pos_embed"), h, w, c.interpolateAntialias(), c.interpolateOffset())
                .outputVariable();
    }

    /**
     * {@code x + gamma1 * proj(attention(qkv(norm1(x))))}, on the kept images if the branch drops some, of the rows that are read. Where
     * images are dropped, the number of kept rows that are read changes from step to step, and they are picked at the end.
     *
     * @param told gets what the attention reads
     */
    private SDVariable attentionBranch(
            SDVariable x,
            int block,
            List<Sequences> groups,
            DropPath.Branch drop,
            Optional<SDVariable> read,
            List<SDVariable> told) {
        String b = "blocks." + block + ".";
        Entry in = enter(x, b + "norm1", drop);
        List<Sequences> kept = drop == null ? groups : kept(drop);
        SDVariable qkv = linear(in.rows, b + "attn.qkv", false, null, null); //                  [T, 3 D]
        told.add(qkv);
        SDVariable mixed = new Attention(sd, qkv, c.numHeads(), kept).outputVariables()[0]; //   [T, D]
        if (drop != null) {
            return pick(leave(mixed, in.skip, b + "attn.proj", b + "ls1.gamma", drop, Optional.empty()), read);
        }
        return leave(pick(mixed, read), pick(in.skip, read), b + "attn.proj", b + "ls1.gamma", null, read);
    }

    private SDVariable pick(SDVariable x, Optional<SDVariable> rows) {
        return rows.map(r -> new GatherRows(sd, x, r, false).outputVariables()[0])
                .orElse(x);
    }

    /**
     * {@code x + gamma2 * ffn(norm2(x))}, on the kept images if the branch drops some.
     *
     * @param read the rows that {@code x} holds, if not all; the branch is then evaluated on all of them, which are few, and dropped at
     *     its end
     */
    private SDVariable ffnBranch(SDVariable x, int block, DropPath.Branch drop, Optional<SDVariable> read) {
        String b = "blocks." + block + ".";
        Entry in = enter(x, b + "norm2", read.isPresent() ? null : drop);
        boolean mlp = c.ffn() == Ffn.MLP;
        SDVariable hidden = mlp
                ? linear(in.rows, b + "mlp.fc1", true, null, null) //                            [T, h]
                : new SwiGlu(sd, linear(in.rows, b + "mlp.w12", false, null, null)).outputVariable();
        return leave(hidden, in.skip, b + (mlp ? "mlp.fc2" : "mlp.w3"), b + "ls2.gamma", drop, read);
    }

    /** The start of a residual branch: its normalised rows, and what it will be added to. */
    private record Entry(SDVariable rows, SDVariable skip) {}

    private Entry enter(SDVariable x, String norm, DropPath.Branch drop) {
        if (drop == null) {
            SDVariable[] n = layerNorm(x, norm, true);
            return new Entry(n[0], n[3]);
        }
        SDVariable[] g = new GatherRows(sd, x, sd.getVariable(drop.placeholder()), true).outputVariables();
        return new Entry(layerNorm(g[0], norm, false)[0], g[1]);
    }

    private SDVariable leave(
            SDVariable x,
            SDVariable skip,
            String linear,
            String gamma,
            DropPath.Branch drop,
            Optional<SDVariable> read) {
        SDVariable scale = parameters.get(gamma);
        if (drop == null) {
            return linear(x, linear, false, scale, skip);
        }
        int n = drop.kept().length;
        long[] rows = new long[n];
        double[] alphas = new double[n];
        long total = 0;
        for (int g = 0; g < n; g++) {
            Sequences s = drop.groups().get(g);
            rows[g] = (long) drop.kept()[g] * s.length();
            alphas[g] = (double) s.count() / drop.kept()[g];
            total += (long) s.count() * s.length();
        }
        SDVariable branch = linear(x, linear, false, scale, null);
        SDVariable kept = sd.getVariable(drop.placeholder());
        return read.isPresent()
                ? new AddKeptRows(sd, skip, branch, read.get(), kept, total, rows, alphas).outputVariable()
                : new AddRows(sd, skip, branch, kept, rows, alphas).outputVariable();
    }

    private static List<Sequences> kept(DropPath.Branch drop) {
        List<Sequences> kept = new ArrayList<>();
        for (int g = 0; g < drop.kept().length; g++) {
            kept.add(new Sequences(drop.kept()[g], drop.groups().get(g).length()));
        }
        return kept;
    }

    private SDVariable[] layerNorm(SDVariable x, String name, boolean skip) {
        return new LayerNorm(
                        sd,
                        x,
                        parameters.get(name + ".weight"),
                        parameters.get(name + ".bias"),
                        VitConfig.NORM_EPS,
                        skip)
                .outputVariables();
    }

    private SDVariable linear(SDVariable x, String name, boolean gelu, SDVariable gamma, SDVariable residual) {
        SDVariable weight = parameters.get(name + ".weight");
        SDVariable bias = parameters.get(name + ".bias");
        return new Linear(sd, x, weight, bias, gelu, gamma, residual).outputVariables()[0];
    }
}
