package io.dino4j.zoo.onnx;

import io.dino4j.graph.kernel.PositionResampling;
import io.dino4j.graph.op.PositionEmbedding.Resize;
import io.dino4j.graph.vit.VitConfig;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import onnx.Onnx.TensorProto;

/**
 * The position embedding of the patches by the definition of {@link PositionResampling}.
 *
 * <p>For a free image size the two matrices {@code [h, M]} and {@code [w, M]} of that definition are worked out in the graph, from
 * distances between samples. {@code Resize} of opset 17 has no antialias, and engines differ on which of its cubic modes they support; the
 * matrices are plain arithmetic, and cost little beside one block.
 */
final class Positions {
    private static final double PLAIN = -0.75;
    private static final double ANTIALIASED = -0.5;
    /** Samples beyond the border on each side that a plain kernel can ask for. */
    private static final int BORDER = 2;

    private static final String NAME = "pos_embed";

    private final GraphBuilder graph;
    private final VitConfig config;
    private final Supplier<float[]> trained;

    /** Positions from the trained embedding {@code [1 + M M, D]}, the cls token's first. */
    Positions(GraphBuilder graph, VitConfig config, Supplier<float[]> trained) {
        this.graph = graph;
        this.config = config;
        this.trained = trained;
    }

    /** For images of {@code h x w} patches: resampled now, in double; {@code [h w, D]}. */
    float[] fixed(int h, int w) {
        Resize resize = new Resize(config.gridSize(), h, w, config.interpolateAntialias(), config.interpolateOffset());
        return resampled(trained.get(), resize, config.embedDim());
    }

    private static float[] resampled(float[] trained, Resize resize, int dim) {
        double[][] down = PositionResampling.down(resize);
        double[][] across = PositionResampling.across(resize);
        int side = resize.side();
        float[] out = new float[Math.multiplyExact(resize.height() * resize.width(), dim)];
        double[] sum = new double[dim];
        double[] row = new double[side * dim];
        for (int y = 0; y < resize.height(); y++) {
            Arrays.fill(row, 0);
            for (int i = 0; i < side; i++) {
                accumulate(row, down[y][i], trained, (1 + i * side) * dim);
            }
            for (int x = 0; x < resize.width(); x++) {
                Arrays.fill(sum, 0);
                for (int j = 0; j < side; j++) {
                    accumulate(sum, across[x][j], row, j * dim);
                }
                for (int d = 0; d < dim; d++) {
                    out[(y * resize.width() + x) * dim + d] = (float) sum[d];
                }
            }
        }
        return out;
    }

    private static void accumulate(double[] into, double weight, float[] from, int at) {
        if (weight != 0) {
            for (int i = 0; i < into.length; i++) {
                into[i] += weight * from[at + i];
            }
        }
    }

    private static void accumulate(double[] into, double weight, double[] from, int at) {
        if (weight != 0) {
            for (int i = 0; i < into.length; i++) {
                into[i] += weight * from[at + i];
            }
        }
    }

    /**
     * For images of any size: resampled in the graph, {@code [1, h w, D]}.
     *
     * @param h patches down, int64 scalar
     * @param w patches across, int64 scalar
     */
    String dynamic(String h, String w) {
        int side = config.gridSize();
        long dim = config.embedDim();
        String offset = offset(h, w);
        String down = matrix("down", h, offset); //                                              [h, M]
        String across = matrix("across", w, offset); //                                          [w, M]
        String grid = graph.weight(NAME, new long[] {side, side * dim}, this::grid);
        String tall = graph.node("MatMul", NAME + ".tall", down, grid); //                       [h, M D]
        String rows = graph.node("Reshape", NAME + ".rows", tall, graph.integers(-1, side, dim)); // [h, M, D]
        String all = graph.node("MatMul", NAME + ".grid", across, rows); //                      [h, w, D]
        return graph.node("Reshape", NAME + ".patches", all, graph.integers(1, -1, dim)); //     [1, h w, D]
    }

    private float[] grid() {
        float[] all = trained.get();
        return Arrays.copyOfRange(all, config.embedDim(), all.length);
    }

    /** Zero on the trained grid, where both matrices are the unit matrix then and the embedding is passed on as it is. */
    private String offset(String h, String w) {
        if (config.interpolateOffset() == 0) {
            return graph.real(0);
        }
        String side = graph.integer(config.gridSize());
        String square = graph.node(
                "And",
                NAME + ".is_trained_grid",
                graph.node("Equal", NAME + ".is_trained_height", h, side),
                graph.node("Equal", NAME + ".is_trained_width", w, side));
        return graph.node("Where", NAME + ".offset", square, graph.real(0), graph.real(config.interpolateOffset()));
    }

    /** The resampling of one axis to {@code n} patches, {@code [n, M]}. */
    private String matrix(String axis, String n, String offset) {
        int side = config.gridSize();
        int border = config.interpolateAntialias() ? 0 : BORDER;
        String at = NAME + "." + axis + ".";
        String count = graph.cast(n, at + "count", TensorProto.DataType.FLOAT);
        String scaled = graph.node("Add", at + "scaled_count", count, offset);
        String scale = graph.node("Div", at + "scale", graph.real(side), scaled);
        String range = graph.node("Range", at + "range", graph.integer(0), n, graph.integer(1));
        String index = graph.cast(range, at + "index", TensorProto.DataType.FLOAT);
        String center =
                graph.node("Mul", at + "center", graph.node("Add", at + "middle", index, graph.real(0.5)), scale);
        String column = graph.node("Unsqueeze", at + "column", center, graph.integers(1)); //    [n, 1]
        String samples = graph.weight(at + "samples", new long[] {1, side + 2L * border}, () -> samples(side, border));
        String distance = graph.node(
                "Abs", at + "distance", graph.node("Sub", at + "difference", samples, column)); // [n, M + 2 border]
        if (!config.interpolateAntialias()) {
            String weights = cubic(at, distance, PLAIN);
            String fold = graph.weight(at + "border", new long[] {side + 2L * border, side}, () -> fold(side));
            return graph.node("MatMul", at + "matrix", weights, fold);
        }
        String widening = graph.node("Max", at + "widening", scale, graph.real(1));
        String weights = cubic(at, graph.node("Div", at + "narrowed", distance, widening), ANTIALIASED);
        String sum = graph.node(
                "ReduceSum", at + "sum", List.of(weights, graph.integers(1)), GraphBuilder.attribute("keepdims", 1L));
        return graph.node("Div", at + "matrix", weights, sum);
    }

    private static float[] samples(int side, int border) {
        float[] samples = new float[side + 2 * border];
        for (int k = 0; k < samples.length; k++) {
            samples[k] = k - border + 0.5f;
        }
        return samples;
    }

    /** Samples beyond the border are the border sample. */
    private static float[] fold(int side) {
        float[] fold = new float[(side + 2 * BORDER) * side];
        for (int k = 0; k < side + 2 * BORDER; k++) {
            fold[k * side + Math.min(Math.max(k - BORDER, 0), side - 1)] = 1;
        }
        return fold;
    }

    /** Keys' cubic convolution kernel of distances that are not negative. */
    private String cubic(String at, String d, double a) {
        String near = polynomial(at + "near", d, a + 2, -(a + 3), 0, 1);
        String far = polynomial(at + "far", d, a, -5 * a, 8 * a, -4 * a);
        String within2 = graph.node("Less", at + "is_within_2", d, graph.real(2));
        String outer = graph.node("Where", at + "outer", within2, far, graph.real(0));
        String within1 = graph.node("Less", at + "is_within_1", d, graph.real(1));
        return graph.node("Where", at + "weights", within1, near, outer);
    }

    /** {@code ((c3 d + c2) d + c1) d + c0}. */
    private String polynomial(String name, String d, double c3, double c2, double c1, double c0) {
        String value = graph.node("Mul", name + ".3", d, graph.real(c3));
        double[] rest = {c2, c1, c0};
        for (int i = 0; i < rest.length; i++) {
            String term = name + "." + (2 - i);
            if (rest[i] != 0) {
                value = graph.node("Add", term, value, graph.real(rest[i]));
            }
            if (i < 2) {
                value = graph.node("Mul", term + ".times", value, d);
            }
        }
        return value;
    }
}
