package io.dino4j.graph.head;

import io.dino4j.graph.op.L2Normalize;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.WeightNorm;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A projection head in a SameDiff graph: an MLP with GELU between its layers, unit length, then the weight-normalised prototypes:
 * logits are {@code g_k cos(x, v_k)}.
 */
public final class ProjectionHead {
    /** Rows shorter than this are divided by it (official {@code dino_head.py}, float32). */
    private static final double NORM_EPS = 1e-12;

    private final SameDiff sd;
    private final HeadConfig c;
    private final Map<String, SDVariable> parameters = new HashMap<>();

    /**
     * Declares the parameters in a graph.
     *
     * @param prefix put before the official names, such as {@code "dino_head."}
     * @param type of the parameters
     */
    public ProjectionHead(SameDiff sd, HeadConfig config, String prefix, DataType type) {
        this.sd = sd;
        this.c = config;
        config.parameters().forEach((name, shape) -> parameters.put(name, sd.var(prefix + name, type, shape)));
    }

    /** Tokens {@code [R, D]} to logits {@code [R, K]}, which are FLOAT where tokens are BFLOAT16. */
    public SDVariable forward(SDVariable x) {
        for (int i = 0; i < c.layers(); i++) {
            SDVariable weight = parameters.get(c.layer(i) + ".weight");
            SDVariable bias = parameters.get(c.layer(i) + ".bias");
            x = new Linear(sd, x, weight, bias, i < c.layers() - 1, null, null).outputVariables()[0];
        }
        SDVariable unit = new L2Normalize(sd, x, NORM_EPS).outputVariables()[0]; //                   [R, bottleneck]
        SDVariable prototypes = new WeightNorm(
                        sd, parameters.get("last_layer.weight_g"), parameters.get("last_layer.weight_v"))
                .outputVariable(); //                                                                   [K, bottleneck]
        return Linear.logits(sd, unit, prototypes).outputVariable();
    }
}
