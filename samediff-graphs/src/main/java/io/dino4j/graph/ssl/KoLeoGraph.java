package io.dino4j.graph.ssl;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.op.KoLeo;
import io.dino4j.graph.op.WeightedSum;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.TokenLayout;
import io.dino4j.graph.vit.Tokens;
import io.dino4j.graph.vit.Vit;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The regulariser of a step with several micro-batches. The nearest neighbour of a feature may be in any of those of its rank, so features of all are
 * needed before the first gradient: {@link #features} gives those of a micro-batch, {@link #loss} value and gradient of all.
 */
public final class KoLeoGraph {
    /** Placeholder of {@link #loss}: features {@code [2 k B, D]}, all first crops, then all second ones. */
    public static final String FEATURES = "features";

    /** Added in KoLeo (official {@code koleo_loss.py}). */
    private static final double EPS = 1e-8;

    private KoLeoGraph() {}

    /**
     * The student's forward pass over the global crops of a micro-batch.
     *
     * @return output {@link TeacherGraph#CLS_FEATURES} {@code [2 B, D]}; placeholders {@link TeacherGraph#GLOBAL_CROPS},
     *     {@link StudentGraph#MASKS} and those of stochastic depth, each the start of the student's
     */
    public static SameDiff features(SslConfig c, Precision precision) {
        DataType type = precision.parameters();
        SameDiff sd = BoundGraph.create();
        Vit vit = new Vit(sd, c.student().backbone(), SslConfig.BACKBONE, precision);
        List<Crops> crops = List.of(StudentGraph.globalCrops(sd, c, type));
        TokenLayout layout = vit.layout(crops);
        int[] cls =
                IntStream.range(0, c.globalRows()).map(i -> layout.clsRow(0, i)).toArray();
        SDVariable index = sd.constant(TeacherGraph.ROWS, Nd4j.createFromArray(cls));
        Tokens picked = vit.forward(crops, c.dropRate(), c.dropUniform(), index);
        TeacherGraph.features(vit.norm(picked.prenorm()), precision).rename(TeacherGraph.CLS_FEATURES);
        return sd;
    }

    /** The graph from {@link #FEATURES} to {@link StudentGraph#KOLEO_LOSS}, marked as its loss. */
    public static SameDiff loss(SslConfig c, DataType type) {
        SameDiff sd = BoundGraph.create();
        SDVariable x = sd.placeHolder(
                FEATURES, type, c.stepGlobalRows(), c.student().backbone().embedDim());
        add(sd, x, c).rename(StudentGraph.KOLEO_LOSS);
        sd.setLossVariables(StudentGraph.KOLEO_LOSS);
        return sd;
    }

    /**
     * Two views of an image must not meet, nor the images of two ranks: each crop of a rank is a group of its own. The mean over all
     * ranks counts.
     */
    static SDVariable add(SameDiff sd, SDVariable features, SslConfig c) {
        SslConfig.Share share = c.share();
        SDVariable sum = new KoLeo(sd, features, SslConfig.GLOBAL_CROPS * share.ranks(), EPS).outputVariables()[0];
        return share.worldSize() == 1
                ? sum
                : new WeightedSum(sd, List.of(sum), new double[] {1.0 / share.worldSize()}).outputVariable();
    }
}
