package io.dino4j.graph.exec;

import io.dino4j.graph.op.AddRows;
import io.dino4j.graph.op.Attention;
import io.dino4j.graph.op.GatherRows;
import io.dino4j.graph.op.L2Normalize;
import io.dino4j.graph.op.LayerNorm;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.SplitRows;
import io.dino4j.graph.op.SwiGlu;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.nd4j.autodiff.samediff.SDIndex;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** A graph of matrices {@code [ROWS, COLUMNS]}, each made from earlier ones by a random op, ours or ND4J's. */
final class RandomGraph {
    static final int ROWS = 6;
    static final int COLUMNS = 8;
    private static final DataType F = DataType.FLOAT;
    private static final int KINDS = 14;

    private final SameDiff sd = SameDiff.create();
    private final List<SDVariable> matrices = new ArrayList<>();
    private final Random random;
    private final SDVariable square;
    private final SDVariable wide;
    private final SDVariable row;
    private final SDVariable index;

    RandomGraph(long seed, int ops) {
        random = new Random(seed);
        matrices.add(sd.placeHolder("x", F, ROWS, COLUMNS));
        matrices.add(sd.var("v", TinyVit.random(F, ROWS, COLUMNS)));
        square = sd.var("square", TinyVit.random(F, COLUMNS, COLUMNS).muli(0.3));
        wide = sd.var("wide", TinyVit.random(F, 3 * COLUMNS, COLUMNS).muli(0.3));
        row = sd.var("row", TinyVit.random(F, COLUMNS));
        index = sd.constant("index", Nd4j.createFromArray(4, 1));
        for (int i = 0; i < ops; i++) {
            matrices.add(next());
        }
        SDVariable sum = any().mul(any());
        for (int i = 0; i < 3; i++) {
            sum = sum.add(any());
        }
        sd.sum("loss", sd.math().tanh(sum));
        sd.setLossVariables("loss");
    }

    SameDiff graph() {
        return sd;
    }

    /** Names of some of the matrices, inputs and aliases among them. */
    List<String> someOutputs() {
        List<String> names = new ArrayList<>(List.of("loss"));
        for (int i = 0; i < 4; i++) {
            names.add(any().name());
        }
        return names.stream().distinct().toList();
    }

    private SDVariable any() {
        int n = matrices.size();
        // mostly recent ones, so that graphs are deep
        return matrices.get(random.nextInt(3) == 0 ? random.nextInt(n) : n - 1 - random.nextInt(Math.min(n, 3)));
    }

    private SDVariable linear(SDVariable x, SDVariable w, boolean gelu, SDVariable gamma, SDVariable residual) {
        return new Linear(sd, x, w, null, gelu, gamma, residual).outputVariables()[0];
    }

    private SDVariable next() {
        SDVariable a = any();
        SDVariable b = any();
        return switch (random.nextInt(KINDS)) {
            case 0 -> a.add(b);
            case 1 -> sd.math().tanh(a).mul(b);
            case 2 -> sd.nn().softmax(a, 1);
            case 3 -> sd.identity(a);
            case 4 -> sd.squeeze(sd.expandDims(a, 0), 0);
            case 5 -> sd.reshape(sd.concat(0, a, b), 2 * ROWS, COLUMNS)
                    .get(SDIndex.interval(ROWS / 2, ROWS + ROWS / 2), SDIndex.all());
            case 6 -> a.sub(a.mean(true, 1)).mul(row);
            case 7 -> linear(a, square, true, null, null);
            case 8 -> linear(a, square, false, row, b);
            case 9 -> {
                SDVariable[] n = new LayerNorm(sd, a, row, row, 1e-5, true).outputVariables();
                yield random.nextBoolean() ? linear(n[0], square, false, null, n[3]) : n[3];
            }
            case 10 -> {
                SDVariable[] s = new SplitRows(sd, a, 2, ROWS - 2).outputVariables();
                yield sd.concat(0, s[1], s[0]);
            }
            case 11 -> {
                SDVariable[] g = new GatherRows(sd, a, index, true).outputVariables();
                yield new AddRows(sd, g[1], sd.math().tanh(g[0]), index, new long[] {2}, new double[] {1.5})
                        .outputVariable();
            }
            case 12 -> new Attention(
                            sd, linear(a, wide, false, null, null), 2, List.of(new Attention.Sequences(2, ROWS / 2)))
                    .outputVariables()[0];
            default -> {
                SDVariable gate = new SwiGlu(sd, sd.concat(1, a, b)).outputVariable();
                yield new L2Normalize(sd, gate, 1e-6).outputVariables()[0];
            }
        };
    }
}
