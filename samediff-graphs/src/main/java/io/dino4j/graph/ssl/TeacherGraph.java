package io.dino4j.graph.ssl;

import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.op.CenteredSoftmax;
import io.dino4j.graph.op.GatherRows;
import io.dino4j.graph.op.Sinkhorn;
import io.dino4j.graph.op.SplitRows;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.Tokens;
import io.dino4j.graph.vit.Vit;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The teacher's half of a step: global crops, unmasked, to targets for cls tokens and for the patches that the student does not see.
 *
 * @param graph the graph; placeholders and outputs are the constants of this class
 * @param tokens where the tokens of which image are
 * @param outputs names of all outputs
 */
public record TeacherGraph(SameDiff graph, Tokens tokens, List<String> outputs) {
    /** Placeholder: global crops {@code [2 B, 3, S, S]}, all first crops, then all second ones. */
    public static final String GLOBAL_CROPS = "global_crops";

    /** Placeholder: rows of the tokens that go through heads, INT32 {@code [2 B + M]}: cls tokens, then masked patches. */
    public static final String ROWS = "rows";

    /** Placeholder: number of masked patches, an INT32 scalar up to {@code M}. */
    public static final String MASKED_COUNT = "masked_count";

    /** Placeholder: temperature, a scalar. */
    public static final String TEMPERATURE = "teacher_temp";

    /** Placeholders of softmax-centring: centres {@code [1, K]} of cls tokens and of patches. */
    public static final String CLS_CENTER = "cls_center";

    /** See {@link #CLS_CENTER}. */
    public static final String PATCH_CENTER = "patch_center";

    /** Output: targets {@code [2 B, K]} of the cls tokens, in the order of the crops. */
    public static final String CLS_TARGETS = "cls_targets";

    /** Output: targets {@code [M, K]} of the masked patches; rows from the masked count on are zeros. */
    public static final String PATCH_TARGETS = "patch_targets";

    /** Output of softmax-centring: means {@code [1, K]} of the logits, for the next centres. */
    public static final String CLS_MEAN = "cls_mean";

    /** See {@link #CLS_MEAN}. */
    public static final String PATCH_MEAN = "patch_mean";

    /** Output, of the student's graph too: features {@code [2 B, D]} of the global crops, the cls tokens after the final norm. */
    public static final String CLS_FEATURES = "cls_features";

    /** Iterations of Sinkhorn-Knopp (official {@code ssl_meta_arch.py}). */
    static final int ITERATIONS = 3;

    /** Builds the graph. */
    public static TeacherGraph of(SslConfig c, DataType type) {
        SameDiff sd = BoundGraph.create();
        SDVariable images = sd.placeHolder(GLOBAL_CROPS, type, c.globalRows(), 3, c.globalSize(), c.globalSize());
        SDVariable rows = sd.placeHolder(ROWS, DataType.INT32, c.globalRows() + c.maxMasked());
        SDVariable count = sd.placeHolder(MASKED_COUNT, DataType.INT32);
        SDVariable temperature = sd.placeHolder(TEMPERATURE, type);

        Vit vit = new Vit(sd, c.backbone(), SslConfig.BACKBONE, type);
        Heads heads = new Heads(sd, c, type);
        Tokens tokens = vit.forward(List.of(new Crops(images, c.globalRows(), c.globalSize(), c.globalSize())));
        SDVariable picked = new GatherRows(sd, tokens.prenorm(), rows, false).outputVariables()[0];
        SDVariable normed = vit.norm(picked); //                                                [2 B + M, D]
        SDVariable[] logits = heads.logits(normed, c.globalRows(), c.maxMasked());
        new SplitRows(sd, normed, c.globalRows(), c.maxMasked()).outputVariables()[0].rename(CLS_FEATURES);

        List<String> outputs = new ArrayList<>(List.of(CLS_FEATURES, CLS_TARGETS, PATCH_TARGETS));
        SDVariable all = sd.constant("cls_count", Nd4j.scalar(DataType.INT32, c.globalRows()));
        if (c.targets() == SslConfig.Targets.SINKHORN_KNOPP) {
            new Sinkhorn(sd, logits[0], temperature, all, ITERATIONS)
                    .outputVariable()
                    .rename(CLS_TARGETS);
            new Sinkhorn(sd, logits[1], temperature, count, ITERATIONS)
                    .outputVariable()
                    .rename(PATCH_TARGETS);
        } else {
            SDVariable clsCenter =
                    sd.placeHolder(CLS_CENTER, type, 1, c.dinoHead().prototypes());
            SDVariable patchCenter =
                    sd.placeHolder(PATCH_CENTER, type, 1, c.patchHead().prototypes());
            SDVariable[] cls = new CenteredSoftmax(sd, logits[0], clsCenter, temperature, all).outputVariables();
            SDVariable[] patch = new CenteredSoftmax(sd, logits[1], patchCenter, temperature, count).outputVariables();
            cls[0].rename(CLS_TARGETS);
            cls[1].rename(CLS_MEAN);
            patch[0].rename(PATCH_TARGETS);
            patch[1].rename(PATCH_MEAN);
            outputs.addAll(List.of(CLS_MEAN, PATCH_MEAN));
        }
        return new TeacherGraph(sd, tokens, outputs);
    }
}
