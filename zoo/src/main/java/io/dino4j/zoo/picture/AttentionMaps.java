package io.dino4j.zoo.picture;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.Vit;
import io.dino4j.graph.vit.VitConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Where the cls token of one block looks: {@code softmax(q_cls k^T / sqrt(d))} of every head, worked out from the matrix that the block's
 * fused attention reads, since that never holds the probabilities.
 *
 * @param gridHeight rows of patches, {@code h}
 * @param gridWidth patches in a row, {@code w}
 * @param heads {@code [heads][T]} over all tokens {@code [cls | registers | patches]}; each row sums to 1
 */
public record AttentionMaps(int gridHeight, int gridWidth, float[][] heads) {
    private static final String IMAGES = "images";

    /** Checks that the rows are of one length and hold the patches. */
    public AttentionMaps {
        if (heads.length == 0 || gridHeight <= 0 || gridWidth <= 0) {
            throw new IllegalArgumentException(
                    "no attention of %d heads on %d x %d patches".formatted(heads.length, gridHeight, gridWidth));
        }
        for (float[] row : heads) {
            if (row.length != heads[0].length || row.length <= gridHeight * gridWidth) {
                throw new IllegalArgumentException("attention over %d tokens does not fit cls and %d x %d patches"
                        .formatted(row.length, gridHeight, gridWidth));
            }
        }
    }

    /**
     * Runs a backbone on one image, up to the block asked for.
     *
     * @param config shape of the backbone
     * @param weights official names without prefix to FLOAT arrays, contiguous in C order
     * @param image {@code [1, 3, H, W]} FLOAT, normalised; sides are multiples of the patch size
     * @param block whose attention, from 0 to depth - 1
     * @param providers who computes the ops, the first that can
     * @throws IllegalArgumentException if there is no such block, or the image does not split into patches
     */
    public static AttentionMaps of(
            VitConfig config,
            Map<String, INDArray> weights,
            INDArray image,
            int block,
            List<KernelProvider> providers) {
        if (block < 0 || block >= config.depth()) {
            throw new IllegalArgumentException(
                    "there is no block %d: the backbone has blocks 0 to %d".formatted(block, config.depth() - 1));
        }
        int p = config.patchSize();
        if (image.rank() != 4 || image.size(0) != 1 || image.size(2) % p != 0 || image.size(3) % p != 0) {
            throw new IllegalArgumentException(
                    "expected one image [1, 3, H, W] of sides that are multiples of %d, got %s"
                            .formatted(p, Arrays.toString(image.shape())));
        }
        GraphOps.register();
        int height = (int) image.size(2);
        int width = (int) image.size(3);
        SameDiff sd = BoundGraph.create();
        SDVariable x = sd.placeHolder(IMAGES, DataType.FLOAT, 1, VitConfig.CHANNELS, height, width);
        Vit vit = new Vit(sd, config, "", Precision.F32);
        String qkv = vit.forward(List.of(new Crops(x, 1, height, width)))
                .qkv()
                .get(block)
                .name();
        try (Plan plan = Plan.compile(
                sd, List.of(qkv), Map.of(), new Bindings(weights, Map.of()), providers, Collective.ALONE)) {
            plan.input(IMAGES).assign(image);
            plan.run();
            return ofCls(plan.output(qkv), config.numHeads(), height / p, width / p);
        }
    }

    /**
     * The maps from queries and keys.
     *
     * @param qkv {@code [T, 3 D]} of one image, columns {@code [q | k | v]}, heads next to each other
     * @param heads number of heads
     * @param gridHeight rows of patches, which are the last tokens
     * @param gridWidth patches in a row
     */
    public static AttentionMaps ofCls(INDArray qkv, int heads, int gridHeight, int gridWidth) {
        int tokens = (int) qkv.size(0);
        int width = (int) qkv.size(1) / 3;
        int d = width / heads;
        float[] query = copy(qkv, 0, 1, 0, width);
        float[] keys = copy(qkv, 0, tokens, width, 2 * width);
        float[][] maps = new float[heads][tokens];
        for (int h = 0; h < heads; h++) {
            double[] scores = new double[tokens];
            for (int t = 0; t < tokens; t++) {
                double dot = 0;
                for (int j = h * d; j < (h + 1) * d; j++) {
                    dot += (double) query[j] * keys[t * width + j];
                }
                scores[t] = dot / Math.sqrt(d);
            }
            softmax(scores, maps[h]);
        }
        return new AttentionMaps(gridHeight, gridWidth, maps);
    }

    private static float[] copy(INDArray qkv, int fromRow, int toRow, int fromColumn, int toColumn) {
        INDArray part = qkv.get(NDArrayIndex.interval(fromRow, toRow), NDArrayIndex.interval(fromColumn, toColumn))
                .dup('c');
        float[] values = part.data().asFloat();
        part.close(); // native memory must not wait for the collector
        return values;
    }

    private static void softmax(double[] scores, float[] out) {
        double max = Arrays.stream(scores).max().orElseThrow();
        double sum = 0;
        for (double s : scores) {
            sum += Math.exp(s - max);
        }
        for (int t = 0; t < out.length; t++) {
            out[t] = (float) (Math.exp(scores[t] - max) / sum);
        }
    }

    /** Number of heads. */
    public int numHeads() {
        return heads.length;
    }

    /** Tokens that come before the patches: cls and registers. */
    public int numPrefixTokens() {
        return heads[0].length - gridHeight * gridWidth;
    }

    /**
     * What one head gives to patches; the rest, up to 1, is given to cls and registers.
     *
     * @return {@code [h * w]}
     */
    public float[] patches(int head) {
        return Arrays.copyOfRange(heads[head], numPrefixTokens(), heads[head].length);
    }

    /**
     * What all heads together give to patches, by their mean.
     *
     * @return {@code [h * w]}
     */
    public float[] patchesOfMean() {
        float[] mean = new float[gridHeight * gridWidth];
        for (int h = 0; h < heads.length; h++) {
            float[] of = patches(h);
            for (int p = 0; p < mean.length; p++) {
                mean[p] += of[p] / heads.length;
            }
        }
        return mean;
    }
}
