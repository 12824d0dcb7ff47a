package io.dino4j.zoo.model;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.VitConfig;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Low-rank adapters as a reparametrisation of the qkv weights: {@code W' = W + s B A} in the rows of queries and in those of values
 * (arXiv 2106.09685, equation 3). The graph knows nothing of them: it reads {@code W'}, and its gradient {@code G} of a block's rows gives
 * {@code dB = s G A^T} and {@code dA = s B^T G}.
 */
final class LowRankAdapters {
    private static final String MARK = ".attn.lora_";
    private static final List<String> ROLES = List.of("q", "v");

    private final VitConfig vit;
    private final double scale;
    private final Map<String, INDArray> parameters;
    private final Map<String, INDArray> effective = new HashMap<>();

    /**
     * Adapters of a network.
     *
     * @param parameters official names and adapters
     */
    LowRankAdapters(VitConfig vit, Tuning.LowRank rule, Map<String, INDArray> parameters) {
        this.vit = vit;
        this.scale = rule.scale();
        this.parameters = parameters;
        for (int b = 0; b < vit.depth(); b++) {
            INDArray weight = parameters.get(weight(b));
            effective.put(weight(b), Nd4j.create(weight.dataType(), weight.shape()));
        }
    }

    static boolean isAdapter(String name) {
        return name.contains(MARK);
    }

    /** Names and shapes, block after block. */
    static Map<String, long[]> shapes(VitConfig vit, Tuning.LowRank rule) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (int b = 0; b < vit.depth(); b++) {
            for (String role : ROLES) {
                shapes.put(a(b, role), new long[] {rule.rank(), vit.embedDim()});
                shapes.put(b(b, role), new long[] {vit.embedDim(), rule.rank()});
            }
        }
        return shapes;
    }

    /** Start values: {@code A} uniform within {@code 1 / sqrt(D)}, {@code B} zero, so that nothing changes at first. */
    static void fill(ParameterVector parameters, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (String name : parameters.layout().names()) {
            if (isAdapter(name)) {
                INDArray view = parameters.view(name);
                double bound = name.endsWith(".a") ? 1 / Math.sqrt(view.size(1)) : 0;
                for (long i = 0; i < view.length(); i++) {
                    view.putScalar(i, bound * (2 * random.nextDouble() - 1));
                }
            }
        }
    }

    /** Names of the weights that the adapters change. */
    static List<String> weights(VitConfig vit) {
        return IntStream.range(0, vit.depth()).mapToObj(LowRankAdapters::weight).toList();
    }

    /** The parameters as the graph reads them: {@code W'} in the place of {@code W}, in arrays that {@link #refresh} fills. */
    Map<String, INDArray> effective() {
        Map<String, INDArray> all = new LinkedHashMap<>(parameters);
        all.keySet().removeIf(LowRankAdapters::isAdapter);
        all.putAll(effective);
        return all;
    }

    /** Works {@code W'} out from the parameters of this moment. */
    void refresh() {
        for (int b = 0; b < vit.depth(); b++) {
            INDArray w = effective.get(weight(b));
            w.assign(parameters.get(weight(b)));
            for (String role : ROLES) {
                // the rows as columns: GEMM adds into f order only, (B A)^T = A^T B^T
                INDArray columns = rows(w, role).transpose();
                INDArray a = parameters.get(a(b, role));
                Nd4j.gemm(a, parameters.get(b(b, role)), columns, true, true, scale, 1);
            }
        }
    }

    /**
     * The gradients of the adapters.
     *
     * @param gradients of {@code W'}, by name of the weight
     * @param into written, by name of the adapter
     */
    void backward(Map<String, INDArray> gradients, Map<String, INDArray> into) {
        for (int b = 0; b < vit.depth(); b++) {
            for (String role : ROLES) {
                INDArray g = rows(gradients.get(weight(b)), role); //                            [D, D]
                INDArray a = parameters.get(a(b, role));
                INDArray up = parameters.get(b(b, role));
                into.get(b(b, role)).assign(g.mmul(a.transpose()).muli(scale)); //               [D, r]
                into.get(a(b, role)).assign(up.transpose().mmul(g).muli(scale)); //              [r, D]
            }
        }
    }

    /** The rows {@code [D, D]} of queries or values in {@code [3 D, D]}. */
    private INDArray rows(INDArray qkv, String role) {
        long d = vit.embedDim();
        long from = role.equals("q") ? 0 : 2 * d;
        return qkv.get(NDArrayIndex.interval(from, from + d), NDArrayIndex.all());
    }

    private static String weight(int block) {
        return "blocks.%d.attn.qkv.weight".formatted(block);
    }

    private static String a(int block, String role) {
        return "blocks.%d%s%s.a".formatted(block, MARK, role);
    }

    private static String b(int block, String role) {
        return "blocks.%d%s%s.b".formatted(block, MARK, role);
    }
}
