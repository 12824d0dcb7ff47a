package io.dino4j.zoo.weights;

import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;

/** Small networks of every kind, filled with numbers of every size. */
final class Networks {
    static final VitConfig MLP = new VitConfig(20, 5, 12, 2, 3, 4, Ffn.MLP, 0, 1e-5, 0.1, false);
    static final VitConfig GATED = new VitConfig(20, 5, 12, 2, 3, 4, Ffn.SWIGLU, 0, 1e-5, 0.1, false);
    static final HeadConfig HEAD = new HeadConfig(12, 9, 10, 7, 3);

    private Networks() {}

    /** MLP and SwiGLU layers, without registers and with. */
    static List<VitConfig> configs() {
        return List.of(MLP, GATED, MLP.withRegisters(3), GATED.withRegisters(1));
    }

    /** A backbone under {@code backbone.}, and a head if there is to be one. */
    static ParameterVector filled(VitConfig config, Optional<HeadConfig> head) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        config.parameters().forEach((n, s) -> shapes.put("backbone." + n, s));
        head.ifPresent(h -> h.parameters().forEach((n, s) -> shapes.put("dino_head." + n, s)));
        ParameterVector network = ParameterVector.zeros(ParameterLayout.of(shapes), DataType.FLOAT);
        SplittableRandom random = new SplittableRandom(shapes.size());
        for (long i = 0; i < network.layout().length(); i++) {
            double size = Math.scalb(random.nextDouble() - 0.5, random.nextInt(36) - 20);
            network.vector().putScalar(i, (float) size);
        }
        return network;
    }
}
