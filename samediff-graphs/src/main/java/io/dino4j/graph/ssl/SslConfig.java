package io.dino4j.graph.ssl;

import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.vit.VitConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a training step works out: networks, crops and weights of the losses (official {@code ssl_meta_arch.py}).
 *
 * @param backbone the backbone of student and teacher
 * @param dinoHead the head on cls tokens
 * @param ibotHead the head on patch tokens; empty if it is shared with the cls tokens
 * @param batch {@code B}, images in a step
 * @param globalSize pixels on a side of the two global crops
 * @param localSize pixels on a side of the local crops
 * @param localCrops {@code L}, local crops of an image, 0 or more
 * @param maxMasked {@code M}, room for masked patches in a step
 * @param targets how the teacher's logits become targets
 * @param studentTemp temperature of the student's softmax
 * @param dinoWeight weight of the cls losses
 * @param koleoWeight weight of KoLeo
 * @param ibotWeight weight of the patch loss
 * @param dropRate stochastic depth of the student
 * @param dropUniform the same rate in all blocks, else rising linearly from 0
 */
public record SslConfig(
        VitConfig backbone,
        HeadConfig dinoHead,
        Optional<HeadConfig> ibotHead,
        int batch,
        int globalSize,
        int localSize,
        int localCrops,
        int maxMasked,
        Targets targets,
        double studentTemp,
        double dinoWeight,
        double koleoWeight,
        double ibotWeight,
        double dropRate,
        boolean dropUniform) {
    /** Prefix of the backbone's parameters. */
    public static final String BACKBONE = "backbone.";

    /** Prefix of the DINO head's parameters. */
    public static final String DINO_HEAD = "dino_head.";

    /** Prefix of the iBOT head's parameters. */
    public static final String IBOT_HEAD = "ibot_head.";

    /** Number of global crops. */
    public static final int GLOBAL_CROPS = 2;

    /** How the teacher's logits become targets. */
    public enum Targets {
        /** Sinkhorn-Knopp, three iterations. */
        SINKHORN_KNOPP,
        /** Softmax of centred logits. */
        CENTERING
    }

    /** Checks what the losses need. */
    public SslConfig {
        if (koleoWeight != 0 && batch < 2) {
            throw new IllegalArgumentException(
                    "KoLeo compares the images of a batch: train.batch_size_per_gpu must be at least 2, or"
                            + " dino.koleo_loss_weight 0");
        }
        if (batch < 1 || localCrops < 0) {
            throw new IllegalArgumentException("a step needs images, got a batch of " + batch);
        }
    }

    /** Patches of a global crop. */
    public int globalPatches() {
        int side = globalSize / backbone.patchSize();
        return side * side;
    }

    /** Student rows that go through heads: cls tokens of local, then of global crops, then masked patches. */
    public int headRows() {
        return localRows() + globalRows() + maxMasked;
    }

    /** Cls tokens of local crops, {@code L B}. */
    public int localRows() {
        return localCrops * batch;
    }

    /** Cls tokens of global crops, {@code 2 B}. */
    public int globalRows() {
        return GLOBAL_CROPS * batch;
    }

    /** Pairs of different crops that the cls losses compare: the divisor of both. */
    public int clsTerms() {
        return GLOBAL_CROPS * (GLOBAL_CROPS - 1) + Math.max(localCrops * GLOBAL_CROPS, 1);
    }

    /** The head of the patch tokens. */
    HeadConfig patchHead() {
        return ibotHead.orElse(dinoHead);
    }

    /** Every parameter of a network (student or teacher), sub-network after sub-network, in one vector. */
    public ParameterLayout layout() {
        Map<String, long[]> all = new LinkedHashMap<>();
        backbone.parameters().forEach((n, s) -> all.put(BACKBONE + n, s));
        dinoHead.parameters().forEach((n, s) -> all.put(DINO_HEAD + n, s));
        ibotHead.ifPresent(h -> h.parameters().forEach((n, s) -> all.put(IBOT_HEAD + n, s)));
        return ParameterLayout.of(all);
    }
}
