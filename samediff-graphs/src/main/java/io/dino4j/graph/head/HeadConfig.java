package io.dino4j.graph.head;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The shape of a projection head (official {@code dino_head.py}).
 *
 * @param inDim {@code D}, width of a token
 * @param prototypes {@code K}
 * @param hiddenDim width of the hidden layers
 * @param bottleneckDim width before the prototypes
 * @param layers linear layers before the prototypes, at least 1
 */
public record HeadConfig(int inDim, int prototypes, int hiddenDim, int bottleneckDim, int layers) {
    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException naming what does not fit
     */
    public HeadConfig {
        if (inDim < 1 || prototypes < 1 || hiddenDim < 1 || bottleneckDim < 1 || layers < 1) {
            throw new IllegalArgumentException(
                    "a head needs positive sizes, got %d -> %d layers of %d -> %d -> %d prototypes"
                            .formatted(inDim, layers, hiddenDim, bottleneckDim, prototypes));
        }
    }

    /** The same for tokens of another width. */
    public HeadConfig withInDim(int dim) {
        return new HeadConfig(dim, prototypes, hiddenDim, bottleneckDim, layers);
    }

    /** Official name of linear layer {@code i}: layers and activations are counted together, and a single layer has no number. */
    String layer(int i) {
        return layers == 1 ? "mlp" : "mlp." + 2 * i;
    }

    int width(int i) {
        return i == layers ? bottleneckDim : i == 0 ? inDim : hiddenDim;
    }

    /** Official names and shapes of all parameters, in official order. */
    public Map<String, long[]> parameters() {
        Map<String, long[]> p = new LinkedHashMap<>();
        for (int i = 0; i < layers; i++) {
            p.put(layer(i) + ".weight", new long[] {width(i + 1), width(i)});
            p.put(layer(i) + ".bias", new long[] {width(i + 1)});
        }
        p.put("last_layer.weight_g", new long[] {prototypes, 1});
        p.put("last_layer.weight_v", new long[] {prototypes, bottleneckDim});
        return p;
    }
}
