package io.dino4j.graph.ssl;

import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.vit.VitConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The shape of a student or teacher: a backbone and its heads.
 *
 * @param backbone the backbone
 * @param dinoHead the head on cls tokens
 * @param ibotHead the head on patch tokens; empty if it is shared with the cls tokens
 */
public record Network(VitConfig backbone, HeadConfig dinoHead, Optional<HeadConfig> ibotHead) {
    /** The head that patch tokens go through. */
    public HeadConfig patchHead() {
        return ibotHead.orElse(dinoHead);
    }

    /** Every parameter, sub-network after sub-network, in one vector. */
    public ParameterLayout layout() {
        Map<String, long[]> all = new LinkedHashMap<>();
        backbone.parameters().forEach((n, s) -> all.put(SslConfig.BACKBONE + n, s));
        dinoHead.parameters().forEach((n, s) -> all.put(SslConfig.DINO_HEAD + n, s));
        ibotHead.ifPresent(h -> h.parameters().forEach((n, s) -> all.put(SslConfig.IBOT_HEAD + n, s)));
        return ParameterLayout.of(all);
    }
}
