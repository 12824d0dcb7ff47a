package io.dino4j.zoo.picture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The maps of a tiny network against its forward pass written out in double. */
final class AttentionMapsTest {
    private static final int SIZE = 12;
    private static final int GRID = 3;

    /** No interpolation at this size; two registers; a gate, which needs no error function. */
    private static final VitConfig CONFIG =
            new VitConfig(SIZE, 4, 24, 2, 3, 4, Ffn.SWIGLU, 0, 0.5, 0.1, false).withRegisters(2);

    private final Map<String, INDArray> weights = weights();
    private final INDArray image = random(new SplittableRandom(2), 1, 1, 3, SIZE, SIZE);

    private static Map<String, INDArray> weights() {
        SplittableRandom random = new SplittableRandom(1);
        Map<String, INDArray> weights = new LinkedHashMap<>();
        CONFIG.parameters().forEach((name, shape) -> weights.put(name, random(random, 0.3, shape)));
        return weights;
    }

    private static INDArray random(SplittableRandom random, double scale, long... shape) {
        int n = 1;
        for (long s : shape) {
            n *= (int) s;
        }
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (scale * random.nextGaussian());
        }
        return Nd4j.createFromArray(values).reshape(shape);
    }

    @ParameterizedTest
    @EnumSource(Providers.class)
    void theyAreThoseOfTheNetwork(Providers providers) {
        for (int block = 0; block < CONFIG.depth(); block++) {
            AttentionMaps maps = AttentionMaps.of(CONFIG, weights, image, block, providers.list());
            double[][] expected = new Written(weights, image.data().asFloat()).attentionOfCls(block);
            assertEquals(CONFIG.numHeads(), maps.numHeads());
            assertEquals(3, maps.numPrefixTokens());
            for (int h = 0; h < maps.numHeads(); h++) {
                double sum = 0;
                for (int t = 0; t < expected[h].length; t++) {
                    assertEquals(
                            expected[h][t],
                            maps.heads()[h][t],
                            1e-5,
                            "block %d head %d token %d".formatted(block, h, t));
                    sum += maps.heads()[h][t];
                }
                assertEquals(1, sum, 1e-5);
                assertEquals(maps.heads()[h][3], maps.patches(h)[0]);
            }
            float mean = (maps.patches(0)[4] + maps.patches(1)[4] + maps.patches(2)[4]) / 3;
            assertEquals(mean, maps.patchesOfMean()[4], 1e-6);
        }
    }

    @Test
    void scoresFarApartDoNotOverflow() {
        INDArray qkv = Nd4j.createFromArray(new float[][] {{100, 1, 0}, {0, 500, 0}, {0, -500, 0}});
        AttentionMaps maps = AttentionMaps.ofCls(qkv, 1, 1, 2);
        assertArrayEquals(new float[] {0, 1, 0}, maps.heads()[0]);
        assertEquals(1, maps.numPrefixTokens());
    }

    @Test
    void whatIsNotThereIsRefused() {
        var kernels = Providers.PORTABLE.list();
        assertThrows(IllegalArgumentException.class, () -> AttentionMaps.of(CONFIG, weights, image, 2, kernels));
        assertThrows(IllegalArgumentException.class, () -> AttentionMaps.of(CONFIG, weights, image, -1, kernels));
        INDArray odd = Nd4j.zeros(1, 3, SIZE, SIZE + 1);
        assertThrows(IllegalArgumentException.class, () -> AttentionMaps.of(CONFIG, weights, odd, 0, kernels));
        assertThrows(IllegalArgumentException.class, () -> new AttentionMaps(2, 2, new float[1][4]));
    }

    /** The network, one loop for each sum; matrices are {@code [rows][columns]}. */
    private record Written(Map<String, INDArray> weights, float[] image) {
        private double[] get(String name) {
            return weights.get(name).dup('c').data().asDouble();
        }

        double[][] attentionOfCls(int last) {
            double[][] x = embed();
            for (int block = 0; ; block++) {
                String b = "blocks." + block + ".";
                double[][] qkv = linear(norm(x, b + "norm1"), b + "attn.qkv");
                double[][][] attention = attention(qkv);
                if (block == last) {
                    double[][] cls = new double[CONFIG.numHeads()][];
                    for (int h = 0; h < cls.length; h++) {
                        cls[h] = attention[h][0];
                    }
                    return cls;
                }
                addScaled(x, linear(mix(attention, qkv), b + "attn.proj"), get(b + "ls1.gamma"));
                double[][] gated = gate(linear(norm(x, b + "norm2"), b + "mlp.w12"));
                addScaled(x, linear(gated, b + "mlp.w3"), get(b + "ls2.gamma"));
            }
        }

        private double[][] embed() {
            int d = CONFIG.embedDim();
            int p = CONFIG.patchSize();
            double[] kernel = get("patch_embed.proj.weight");
            double[] bias = get("patch_embed.proj.bias");
            double[] positions = get("pos_embed");
            double[] cls = get("cls_token");
            double[] registers = get("register_tokens");
            double[][] x = new double[3 + GRID * GRID][d];
            for (int j = 0; j < d; j++) {
                x[0][j] = cls[j] + positions[j];
                x[1][j] = registers[j];
                x[2][j] = registers[d + j];
                for (int patch = 0; patch < GRID * GRID; patch++) {
                    double sum = bias[j] + positions[(1 + patch) * d + j];
                    for (int k = 0; k < 3 * p * p; k++) {
                        int row = patch / GRID * p + k / p % p;
                        int column = patch % GRID * p + k % p;
                        sum += kernel[j * 3 * p * p + k] * image[(k / (p * p) * SIZE + row) * SIZE + column];
                    }
                    x[3 + patch][j] = sum;
                }
            }
            return x;
        }

        private double[][] norm(double[][] x, String name) {
            double[] weight = get(name + ".weight");
            double[] bias = get(name + ".bias");
            double[][] out = new double[x.length][weight.length];
            for (int t = 0; t < x.length; t++) {
                double mean = 0;
                double square = 0;
                for (double v : x[t]) {
                    mean += v / weight.length;
                }
                for (double v : x[t]) {
                    square += (v - mean) * (v - mean) / weight.length;
                }
                for (int j = 0; j < weight.length; j++) {
                    out[t][j] = (x[t][j] - mean) / Math.sqrt(square + 1e-6) * weight[j] + bias[j];
                }
            }
            return out;
        }

        private double[][] linear(double[][] x, String name) {
            double[] weight = get(name + ".weight");
            double[] bias = get(name + ".bias");
            int in = x[0].length;
            double[][] out = new double[x.length][bias.length];
            for (int t = 0; t < x.length; t++) {
                for (int o = 0; o < bias.length; o++) {
                    double sum = bias[o];
                    for (int i = 0; i < in; i++) {
                        sum += weight[o * in + i] * x[t][i];
                    }
                    out[t][o] = sum;
                }
            }
            return out;
        }

        /** {@code [heads][queries][keys]}. */
        private static double[][][] attention(double[][] qkv) {
            int d = CONFIG.embedDim() / CONFIG.numHeads();
            int n = qkv.length;
            double[][][] attention = new double[CONFIG.numHeads()][n][n];
            for (int h = 0; h < attention.length; h++) {
                for (int q = 0; q < n; q++) {
                    double sum = 0;
                    for (int k = 0; k < n; k++) {
                        double score = 0;
                        for (int j = h * d; j < (h + 1) * d; j++) {
                            score += qkv[q][j] * qkv[k][CONFIG.embedDim() + j] / Math.sqrt(d);
                        }
                        attention[h][q][k] = Math.exp(score);
                        sum += attention[h][q][k];
                    }
                    for (int k = 0; k < n; k++) {
                        attention[h][q][k] /= sum;
                    }
                }
            }
            return attention;
        }

        private static double[][] mix(double[][][] attention, double[][] qkv) {
            int d = CONFIG.embedDim() / CONFIG.numHeads();
            double[][] out = new double[qkv.length][CONFIG.embedDim()];
            for (int q = 0; q < qkv.length; q++) {
                for (int j = 0; j < CONFIG.embedDim(); j++) {
                    for (int k = 0; k < qkv.length; k++) {
                        out[q][j] += attention[j / d][q][k] * qkv[k][2 * CONFIG.embedDim() + j];
                    }
                }
            }
            return out;
        }

        private static double[][] gate(double[][] x) {
            int hidden = x[0].length / 2;
            double[][] out = new double[x.length][hidden];
            for (int t = 0; t < x.length; t++) {
                for (int j = 0; j < hidden; j++) {
                    out[t][j] = x[t][j] / (1 + Math.exp(-x[t][j])) * x[t][hidden + j];
                }
            }
            return out;
        }

        private static void addScaled(double[][] x, double[][] branch, double[] gamma) {
            for (int t = 0; t < x.length; t++) {
                for (int j = 0; j < gamma.length; j++) {
                    x[t][j] += gamma[j] * branch[t][j];
                }
            }
        }
    }
}
