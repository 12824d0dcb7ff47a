package io.dino4j.benchmarks;

import io.dino4j.graph.Precision;
import java.util.List;

/** The training step of ViT-S/14 that lines share: a shared head of 65,536 prototypes, stochastic depth 0.3, crops of 224 and 98. */
record StepSetting(int batch, int globalSize, double dropPath, Precision precision) {
    /** The step that was measured of the official code. */
    static final StepSetting OFFICIAL = new StepSetting(4, 224, 0.3, Precision.F32);

    /** The words that describe it to a subject of a kind. */
    String[] words(String kind) {
        String changes = String.join(
                ";",
                List.of(
                        "dino.head_n_prototypes=65536",
                        "dino.head_bottleneck_dim=256",
                        "ibot.separate_head=false",
                        "student.drop_path_rate=" + dropPath,
                        "train.precision=" + Setting.name(precision),
                        "train.batch_size_per_gpu=" + batch,
                        "crops.global_crops_size=" + globalSize));
        return new String[] {kind, "preset=vits14", "set=" + changes};
    }

    StepSetting with(double dropRate) {
        return new StepSetting(batch, globalSize, dropRate, precision);
    }

    StepSetting in(Precision other) {
        return new StepSetting(batch, globalSize, dropPath, other);
    }
}
