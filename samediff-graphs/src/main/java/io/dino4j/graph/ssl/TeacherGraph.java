package io.dino4j.graph.ssl;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.BoundGraph;
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
 * The teacher's half of a step: global crops, unmasked, to targets for cls tokens and for the patches that are compared. With several
 * micro-batches it ends at the logits, from which {@link TargetsGraph} makes the targets of all.
 *
 * @param graph the graph; placeholders and outputs are the constants of this class and, with one micro-batch, of {@link TargetsGraph}
 * @param rows the tokens that go through heads
 * @param outputs names of all outputs
 */
public record TeacherGraph(SameDiff graph, HeadRows rows, List<String> outputs) {
    /** Placeholder: global crops {@code [2 B, 3, S, S]}, all first crops, then all second ones. */
    public static final String GLOBAL_CROPS = "global_crops";

    /**
     * Placeholder: rows of the tokens that go through heads, INT32 {@code [2 B + M]}: cls tokens, then masked patches. A constant when
     * distilling.
     */
    public static final String ROWS = "rows";

    /** Output with several micro-batches: logits {@code [2 B, K]} of the cls tokens. */
    public static final String CLS_LOGITS = "cls_logits";

    /** Output with several micro-batches: logits {@code [M, K]} of the patches. */
    public static final String PATCH_LOGITS = "patch_logits";

    /** Output: features {@code [2 B, D]} of the global crops, the cls tokens after the final norm. */
    public static final String CLS_FEATURES = "cls_features";

    /** Builds the graph. */
    public static TeacherGraph of(SslConfig c, Precision precision) {
        DataType type = precision.parameters();
        SameDiff sd = BoundGraph.create();
        SDVariable images = sd.placeHolder(GLOBAL_CROPS, type, c.globalRows(), 3, c.globalSize(), c.globalSize());
        Vit vit = new Vit(sd, c.teacher().backbone(), SslConfig.BACKBONE, precision);
        Heads heads = new Heads(sd, c.teacher(), type);
        List<Crops> crops = List.of(new Crops(images, c.globalRows(), c.globalSize(), c.globalSize()));
        HeadRows rows = new HeadRows(c, vit.layout(crops));
        SDVariable index = index(sd, c, rows, c.globalRows() + c.patchRows());
        Tokens picked = vit.forward(crops, 0, true, index);
        SDVariable normed = vit.norm(picked.prenorm()); //                                              [2 B + M, D]
        SDVariable[] logits = heads.logits(normed, c.globalRows(), c.patchRows());
        SDVariable cls = new SplitRows(sd, normed, c.globalRows(), c.patchRows()).outputVariables()[0];
        features(cls, precision).rename(CLS_FEATURES);

        List<String> outputs = new ArrayList<>(List.of(CLS_FEATURES));
        if (c.microBatches() == 1) {
            outputs.addAll(TargetsGraph.add(c, sd, logits[0], logits[1]));
        } else {
            logits[0].rename(CLS_LOGITS);
            logits[1].rename(PATCH_LOGITS);
            outputs.addAll(List.of(CLS_LOGITS, PATCH_LOGITS));
        }
        return new TeacherGraph(sd, rows, outputs);
    }

    /** Features leave the network in the type of its parameters. */
    static SDVariable features(SDVariable cls, Precision precision) {
        return precision.isMixed() ? cls.castTo(precision.parameters()) : cls;
    }

    /** The rows that go through heads: given in each step, or all patches of all crops. */
    static SDVariable index(SameDiff sd, SslConfig c, HeadRows rows, int count) {
        return c.distills()
                ? sd.constant(ROWS, Nd4j.createFromArray(rows.ofAll()))
                : sd.placeHolder(ROWS, DataType.INT32, count);
    }
}
