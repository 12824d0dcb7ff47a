package io.dino4j.graph.ssl;

import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.op.CenteredSoftmax;
import io.dino4j.graph.op.Sinkhorn;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * From the teacher's logits of all micro-batches to the targets of a step. With a single micro-batch this is part of the
 * {@link TeacherGraph}.
 *
 * @param graph the graph; placeholders are {@link TeacherGraph#CLS_LOGITS} {@code [2 k B, K]}, {@link TeacherGraph#PATCH_LOGITS}
 *     {@code [k M, K]} and the constants of this class
 * @param outputs names of all outputs
 */
public record TargetsGraph(SameDiff graph, List<String> outputs) {
    /** Placeholder: number of masked patches, an INT32 scalar up to {@code k M}; not when distilling. */
    public static final String MASKED_COUNT = "masked_count";

    /** Placeholder: temperature, a scalar. */
    public static final String TEMPERATURE = "teacher_temp";

    /** Placeholders of softmax-centring: centres {@code [1, K]} of cls tokens and of patches. */
    public static final String CLS_CENTER = "cls_center";

    /** See {@link #CLS_CENTER}. */
    public static final String PATCH_CENTER = "patch_center";

    /** Output: targets {@code [2 k B, K]} of the cls tokens, in the order of the crops. */
    public static final String CLS_TARGETS = "cls_targets";

    /** Output: targets {@code [k M, K]} of the patches; rows from the masked count on are zeros. */
    public static final String PATCH_TARGETS = "patch_targets";

    /** Output of softmax-centring: means {@code [1, K]} of the logits, for the next centres. */
    public static final String CLS_MEAN = "cls_mean";

    /** See {@link #CLS_MEAN}. */
    public static final String PATCH_MEAN = "patch_mean";

    /** Iterations of Sinkhorn-Knopp (official {@code ssl_meta_arch.py}). */
    static final int ITERATIONS = 3;

    /** Builds the graph. */
    public static TargetsGraph of(SslConfig c, DataType type) {
        SameDiff sd = BoundGraph.create();
        Network teacher = c.teacher();
        SDVariable cls = sd.placeHolder(
                TeacherGraph.CLS_LOGITS,
                type,
                c.stepGlobalRows(),
                teacher.dinoHead().prototypes());
        SDVariable patch = sd.placeHolder(
                TeacherGraph.PATCH_LOGITS,
                type,
                c.stepPatchRows(),
                teacher.patchHead().prototypes());
        return new TargetsGraph(sd, add(c, sd, cls, patch));
    }

    /**
     * Adds the ops to a graph.
     *
     * @return names of the outputs
     */
    static List<String> add(SslConfig c, SameDiff sd, SDVariable clsLogits, SDVariable patchLogits) {
        DataType type = clsLogits.dataType();
        SDVariable temperature = sd.placeHolder(TEMPERATURE, type);
        SDVariable crops = count(sd, "cls_count", c.stepGlobalRows());
        SDVariable patches = c.distills()
                ? count(sd, "patch_count", c.stepPatchRows())
                : sd.placeHolder(MASKED_COUNT, DataType.INT32);
        List<String> outputs = new ArrayList<>(List.of(CLS_TARGETS, PATCH_TARGETS));
        if (c.targets() == SslConfig.Targets.SINKHORN_KNOPP) {
            new Sinkhorn(sd, clsLogits, temperature, crops, ITERATIONS)
                    .outputVariable()
                    .rename(CLS_TARGETS);
            new Sinkhorn(sd, patchLogits, temperature, patches, ITERATIONS)
                    .outputVariable()
                    .rename(PATCH_TARGETS);
            return outputs;
        }
        SDVariable clsCenter =
                sd.placeHolder(CLS_CENTER, type, 1, c.teacher().dinoHead().prototypes());
        SDVariable patchCenter =
                sd.placeHolder(PATCH_CENTER, type, 1, c.teacher().patchHead().prototypes());
        SDVariable[] cls = new CenteredSoftmax(sd, clsLogits, clsCenter, temperature, crops).outputVariables();
        SDVariable[] patch = new CenteredSoftmax(sd, patchLogits, patchCenter, temperature, patches).outputVariables();
        cls[0].rename(CLS_TARGETS);
        cls[1].rename(CLS_MEAN);
        patch[0].rename(PATCH_TARGETS);
        patch[1].rename(PATCH_MEAN);
        outputs.addAll(List.of(CLS_MEAN, PATCH_MEAN));
        return outputs;
    }

    private static SDVariable count(SameDiff sd, String name, int rows) {
        return sd.constant(name, Nd4j.scalar(DataType.INT32, rows));
    }
}
