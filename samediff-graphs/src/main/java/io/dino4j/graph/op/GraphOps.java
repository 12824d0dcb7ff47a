package io.dino4j.graph.op;

import java.util.List;
import org.nd4j.imports.converters.ImportClassMapping;

/** Makes the ops known to SameDiff, which looks classes up by op name when it copies or loads a graph. */
public final class GraphOps {
    private GraphOps() {}

    /** One of each op. */
    public static List<GraphOp> all() {
        return List.of(
                new Patchify(),
                new Patchify.Grad(),
                new Linear(),
                new Linear.Grad(),
                new LayerNorm(),
                new LayerNorm.Grad(),
                new Attention(),
                new Attention.Grad(),
                new SwiGlu(),
                new SwiGlu.Grad(),
                new PositionEmbedding(),
                new PositionEmbedding.Grad(),
                new EmbedTokens(),
                new EmbedTokens.Grad(),
                new GatherRows(),
                new GatherRows.Grad(),
                new AddRows(),
                new AddRows.Grad(),
                new AddKeptRows(),
                new AddKeptRows.Grad(),
                new SplitRows(),
                new SplitRows.Grad(),
                new L2Normalize(),
                new L2Normalize.Grad(),
                new WeightNorm(),
                new WeightNorm.Grad(),
                new PrototypeCrossEntropy(),
                new PrototypeCrossEntropy.Grad(),
                new KoLeo(),
                new KoLeo.Grad(),
                new Sinkhorn(),
                new Sinkhorn.Grad(),
                new CenteredSoftmax(),
                new WeightedSum(),
                new WeightedSum.Grad());
    }

    /** Registers every op; calling it again changes nothing. */
    public static void register() {
        all().forEach(op -> ImportClassMapping.getOpNameMapping().put(op.opName(), op));
    }
}
