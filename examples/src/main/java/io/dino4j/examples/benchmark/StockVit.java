package io.dino4j.examples.benchmark;

import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The same network written with the ops that SameDiff brings, run by the session that it brings: what dino4j is measured against. Linear
 * weights are {@code [in, out]}, as the stock linear op wants them. Layer norm and GELU are put together from smaller ops, because the
 * stock layer norm adds nothing to the variance and neither stock GELU is the exact one.
 */
final class StockVit implements Subject {
    private static final String IMAGES = "images";
    private static final String NORM = "norm_tokens";
    private static final String DIRECTION = "loss_direction";
    private static final String WEIGHTS = "loss_weights";
    private static final String LOSS = "loss";

    private final Workload work;
    private final VitConfig c;
    private final SameDiff sd = SameDiff.create();
    private final Map<String, SDVariable> parameters = new LinkedHashMap<>();
    private final Map<String, INDArray> placeholders = new HashMap<>();
    private Map<String, INDArray> results = Map.of();

    /**
     * Builds the graph.
     *
     * @throws IllegalArgumentException for a backbone with registers
     */
    StockVit(Workload work) {
        this.work = work;
        this.c = work.vit();
        if (c.numRegisters() > 0) {
            throw new IllegalArgumentException("the stock network has no register tokens");
        }
        declare(work.parameters());
        SDVariable x = embed(placeHolder(IMAGES, work.images())); //                             [B T, D]
        for (int i = 0; i < c.depth(); i++) {
            String b = "blocks." + i + ".";
            x = x.add(attention(norm(x, b + "norm1"), b).mul(parameters.get(b + "ls1.gamma")));
            x = x.add(ffn(norm(x, b + "norm2"), b).mul(parameters.get(b + "ls2.gamma")));
        }
        SDVariable out = norm(x, "norm").rename(NORM);
        if (work.training()) {
            SDVariable w = placeHolder(DIRECTION, work.lossDirection());
            SDVariable a = placeHolder(WEIGHTS, work.lossWeights());
            sd.sum(sd.mmul(out, w, false, true, false).mul(a)).rename(LOSS);
            sd.setLossVariables(LOSS);
            Gradients.graph(sd, List.copyOf(parameters.keySet()));
        }
    }

    private SDVariable placeHolder(String name, INDArray value) {
        placeholders.put(name, value);
        return sd.placeHolder(name, DataType.FLOAT, value.shape());
    }

    private void declare(ParameterVector values) {
        for (ParameterLayout.Entry e : values.layout().entries()) {
            // nothing is masked here
            if (!e.name().equals("mask_token")) {
                INDArray value = inStockLayout(e.name(), values.view(e.name()));
                parameters.put(e.name(), sd.var(e.name(), value));
            }
        }
    }

    /** A copy; linear weights, that of the patch embedding among them, become {@code [in, out]}. */
    static INDArray inStockLayout(String name, INDArray a) {
        if (a.rank() < 2 || !name.endsWith("weight")) {
            return a.dup('c');
        }
        return a.reshape(a.size(0), a.length() / a.size(0)).transpose().dup('c');
    }

    @Override
    public void run() {
        results = work.training()
                ? sd.calculateGradients(placeholders, parameters.keySet())
                : sd.output(placeholders, NORM);
    }

    /** Tokens after the final norm, {@code [B T, D]}; forward alone. */
    INDArray tokens() {
        return results.get(NORM);
    }

    /** The gradient of every parameter but the mask token, in the stock layout; training alone. */
    Map<String, INDArray> gradients() {
        return results;
    }

    /** Drops the results, so that the garbage collector can have them. */
    void forget() {
        results = Map.of();
    }

    private SDVariable embed(SDVariable images) {
        int b = work.batch();
        int p = c.patchSize();
        int g = c.gridSize();
        int d = c.embedDim();
        SDVariable pixels = images.reshape(b, VitConfig.CHANNELS, g, p, g, p)
                .permute(0, 2, 4, 1, 3, 5)
                .reshape((long) b * g * g, (long) VitConfig.CHANNELS * p * p); //                [B n, 3 p p]
        SDVariable patches = linear(pixels, "patch_embed.proj").reshape(b, (long) g * g, d);
        SDVariable cls = sd.tile(parameters.get("cls_token"), b, 1, 1); //                       [B, 1, D]
        SDVariable tokens = sd.concat(1, cls, patches).add(parameters.get("pos_embed")); //      [B, T, D]
        return tokens.reshape((long) b * work.tokens(), d);
    }

    private SDVariable attention(SDVariable x, String block) {
        int b = work.batch();
        int t = work.tokens();
        int h = c.numHeads();
        int width = c.embedDim() / h;
        SDVariable qkv = linear(x, block + "attn.qkv")
                .reshape(b, t, 3, h, width)
                .permute(2, 0, 3, 1, 4); //                                                      [3, B, H, T, d]
        SDVariable[] each = sd.unstack(qkv, 0, 3); //                                            [B, H, T, d]
        SDVariable scores = sd.mmul(each[0].mul(1 / Math.sqrt(width)), each[1], false, true, false);
        SDVariable mixed = sd.mmul(sd.nn().softmax(scores, -1), each[2]); //                     [B, H, T, d]
        return linear(mixed.permute(0, 2, 1, 3).reshape((long) b * t, c.embedDim()), block + "attn.proj");
    }

    private SDVariable ffn(SDVariable x, String block) {
        if (c.ffn() == Ffn.MLP) {
            return linear(gelu(linear(x, block + "mlp.fc1")), block + "mlp.fc2");
        }
        // not sd.split, whose outputs the stock session overwrites when it does not keep them for gradients
        SDVariable both = linear(x, block + "mlp.w12"); //                                       [B T, 2 h]
        int[] half = {work.batch() * work.tokens(), c.hidden()};
        SDVariable a = sd.slice(both, new int[] {0, 0}, half);
        SDVariable b = sd.slice(both, new int[] {0, c.hidden()}, half);
        return linear(sd.nn().swish(a).mul(b), block + "mlp.w3");
    }

    private SDVariable linear(SDVariable x, String name) {
        return sd.nn().linear(x, parameters.get(name + ".weight"), parameters.get(name + ".bias"));
    }

    private SDVariable norm(SDVariable x, String name) {
        SDVariable centered = x.sub(x.mean(true, -1));
        SDVariable variance = sd.math().square(centered).mean(true, -1);
        SDVariable y = centered.mul(sd.math().rsqrt(variance.add(VitConfig.NORM_EPS)));
        return y.mul(parameters.get(name + ".weight")).add(parameters.get(name + ".bias"));
    }

    private SDVariable gelu(SDVariable x) {
        return x.mul(0.5).mul(sd.math().erf(x.mul(Math.sqrt(0.5))).add(1));
    }

    @Override
    public void close() {
        forget();
    }
}
