package io.dino4j.graph.ssl;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.op.PrototypeCrossEntropy;
import io.dino4j.graph.op.SplitRows;
import io.dino4j.graph.op.WeightedSum;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.Tokens;
import io.dino4j.graph.vit.Vit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntBinaryOperator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The student's half of a step: masked global and unmasked local crops of a micro-batch in one packed pass, and the losses. Distilling,
 * nothing is masked.
 *
 * @param graph the graph, {@link #LOSS} marked as its loss; placeholders are the constants of this class, those of {@link TeacherGraph}
 *     and {@link TargetsGraph} that say so, and those of {@code tokens.dropPath()} and of {@code pairings}
 * @param tokens the tokens that go through heads, of the layout whose group 0 holds global, group 1 local crops
 * @param rows the tokens that go through heads
 * @param terms the parts of the objective
 * @param pairings with several micro-batches: which target rows each micro-batch reads
 */
public record StudentGraph(SameDiff graph, Tokens tokens, HeadRows rows, List<Term> terms, List<Pairing> pairings) {
    /** Placeholder: local crops {@code [L B, 3, s, s]}, all first crops, then all second ones and so on. */
    public static final String LOCAL_CROPS = "local_crops";

    /** Placeholder: masks {@code [2 B, n]} of the global crops. */
    public static final String MASKS = "masks";

    /** Placeholder: weight {@code [M]} of every masked patch, 1 over the number in its crop; 0 for padding. */
    public static final String MASK_WEIGHTS = "mask_weights";

    /**
     * Placeholder with several micro-batches: the gradient of KoLeo with respect to {@link TeacherGraph#CLS_FEATURES}, {@code [2 B, D]},
     * see {@link KoLeoGraph}.
     */
    public static final String KOLEO_GRADIENT = "koleo_gradient";

    /** Output: the objective. With several micro-batches, KoLeo's part has the right gradient, but not its value. */
    public static final String LOSS = "loss";

    /** Name of the regulariser among the terms. */
    public static final String KOLEO_LOSS = "koleo_loss";

    /**
     * One part of the objective; its value is a scalar output of the graph, and is what gets logged. With several micro-batches each has
     * its share of the value, but KoLeo's is an output of the {@link KoLeoGraph}.
     *
     * @param name name of the output, as in the official logs
     * @param weight factor in the objective
     */
    public record Term(String name, double weight) {}

    /**
     * The target rows that one loss compares its rows with.
     *
     * @param placeholder INT32 {@code [R, J]}
     * @param rows {@code R J} rows for the first micro-batch; those of a later one lie further down by a number that is the same for all
     * @param patches true if the targets are those of patches, whose number in the micro-batches before is that distance; else it is the
     *     number of images in them
     */
    public record Pairing(String placeholder, int[] rows, boolean patches) {}

    /** Builds the graph. */
    public static StudentGraph of(SslConfig c, Precision precision) {
        return new Builder(c, precision).build();
    }

    /** The global crops of a micro-batch. */
    static Crops globalCrops(SameDiff sd, SslConfig c, DataType type) {
        int n = c.globalRows();
        SDVariable images = sd.placeHolder(TeacherGraph.GLOBAL_CROPS, type, n, 3, c.globalSize(), c.globalSize());
        Optional<SDVariable> masks =
                c.distills() ? Optional.empty() : Optional.of(sd.placeHolder(MASKS, type, n, c.globalPatches()));
        return new Crops(images, n, c.globalSize(), c.globalSize(), masks);
    }

    private static final class Builder {
        private final SslConfig c;
        private final Precision precision;
        private final DataType type;
        private final SameDiff sd = BoundGraph.create();
        private final List<Term> terms = new ArrayList<>();
        private final List<SDVariable> values = new ArrayList<>();
        private final List<Pairing> pairings = new ArrayList<>();

        Builder(SslConfig c, Precision precision) {
            this.c = c;
            this.precision = precision;
            this.type = precision.parameters();
        }

        StudentGraph build() {
            Vit vit = new Vit(sd, c.student().backbone(), SslConfig.BACKBONE, precision);
            Heads heads = new Heads(sd, c.student(), type);
            List<Crops> crops = crops();
            HeadRows headRows = new HeadRows(c, vit.layout(crops));

            SDVariable index = TeacherGraph.index(sd, c, headRows, c.headRows());
            Tokens picked = vit.forward(crops, c.dropRate(), c.dropUniform(), index);
            SDVariable rows = vit.norm(picked.prenorm()); //                                          [L B + 2 B + M, D]
            boolean local = c.localCrops() > 0;
            long[] counts = local
                    ? new long[] {c.localRows(), c.globalRows(), c.patchRows()}
                    : new long[] {c.globalRows(), c.patchRows()};
            SDVariable[] logits = heads.logits(rows, counts);
            int global = local ? 1 : 0;
            if (local) {
                addClsLoss(
                        "dino_local_crops_loss",
                        logits[0],
                        c.localRows(),
                        2,
                        (row, j) -> j * c.stepImages() + row % c.batch());
            }
            // a global crop is compared with the other one of the same image
            addClsLoss(
                    "dino_global_crops_loss",
                    logits[global],
                    c.globalRows(),
                    1,
                    (row, j) -> (1 - row / c.batch()) * c.stepImages() + row % c.batch());
            SDVariable cls =
                    TeacherGraph.features(new SplitRows(sd, rows, counts).outputVariables()[global], precision);
            cls.rename(TeacherGraph.CLS_FEATURES);
            if (c.koleoWeight() != 0) {
                addKoLeo(cls);
            }
            addPatchLoss(logits[global + 1]);

            double[] weights = terms.stream().mapToDouble(Term::weight).toArray();
            SDVariable loss = new WeightedSum(sd, values, weights).outputVariable();
            loss.rename(LOSS);
            sd.setLossVariables(LOSS);
            return new StudentGraph(sd, picked, headRows, terms, pairings);
        }

        private List<Crops> crops() {
            Crops global = globalCrops(sd, c, type);
            if (c.localCrops() == 0) {
                return List.of(global);
            }
            SDVariable small = sd.placeHolder(LOCAL_CROPS, type, c.localRows(), 3, c.localSize(), c.localSize());
            return List.of(global, new Crops(small, c.localRows(), c.localSize(), c.localSize()));
        }

        private void add(String name, double weight, SDVariable value) {
            terms.add(new Term(name, weight));
            values.add(value);
        }

        /** Mean over images of all ranks and pairs of crops: every row counts {@code 1 / (images pairs)}. */
        private void addClsLoss(String name, SDVariable logits, int rows, int targets, IntBinaryOperator target) {
            int prototypes = c.student().dinoHead().prototypes();
            SDVariable all = sd.hasVariable(TargetsGraph.CLS_TARGETS)
                    ? sd.getVariable(TargetsGraph.CLS_TARGETS)
                    : sd.placeHolder(TargetsGraph.CLS_TARGETS, type, c.stepGlobalRows(), prototypes);
            double share = 1.0 / ((double) c.worldImages() * c.clsTerms());
            SDVariable weight = sd.constant(name + ".weights", Nd4j.valueArrayOf(new long[] {rows}, share, type));
            SDVariable assignment = assignment(name, rows, targets, target, false);
            SDVariable value = new PrototypeCrossEntropy(sd, logits, all, assignment, weight, c.studentTemp())
                    .outputVariables()[0];
            value.rename(name);
            add(name, c.dinoWeight(), value);
        }

        /**
         * Over the whole batch of a rank, which several micro-batches cannot see: their part of {@code sum_i g_i . x_i} has the same gradient if
         * {@code g} is KoLeo's at {@code x}.
         */
        private void addKoLeo(SDVariable cls) {
            if (c.microBatches() == 1) {
                SDVariable value = KoLeoGraph.add(sd, cls, c);
                value.rename(KOLEO_LOSS);
                add(KOLEO_LOSS, c.koleoWeight(), value);
            } else {
                SDVariable gradient = sd.placeHolder(
                        KOLEO_GRADIENT,
                        type,
                        c.globalRows(),
                        c.student().backbone().embedDim());
                add(KOLEO_LOSS, c.koleoWeight(), cls.mul(gradient).sum());
            }
        }

        /** Mean over global crops, masked or not, of the mean over a crop's masked patches; distilling, over all its patches. */
        private void addPatchLoss(SDVariable logits) {
            String name = "ibot_loss";
            SDVariable targets = sd.placeHolder(
                    TargetsGraph.PATCH_TARGETS,
                    type,
                    c.stepPatchRows(),
                    c.student().patchHead().prototypes());
            SDVariable weights = c.distills()
                    ? sd.constant(
                            MASK_WEIGHTS, Nd4j.valueArrayOf(new long[] {c.patchRows()}, 1.0 / c.globalPatches(), type))
                    : sd.placeHolder(MASK_WEIGHTS, type, c.patchRows());
            SDVariable assignment = assignment(name, c.patchRows(), 1, (row, j) -> row, true);
            SDVariable sum = new PrototypeCrossEntropy(sd, logits, targets, assignment, weights, c.studentTemp())
                    .outputVariables()[0];
            SDVariable mean = new WeightedSum(
                            sd, List.of(sum), new double[] {1.0 / (SslConfig.GLOBAL_CROPS * c.worldImages())})
                    .outputVariable();
            mean.rename(name);
            add(name, c.ibotWeight(), mean);
        }

        private SDVariable assignment(String loss, int rows, int targets, IntBinaryOperator target, boolean patches) {
            String name = loss + ".targets";
            int[] a = new int[rows * targets];
            Arrays.setAll(a, i -> target.applyAsInt(i / targets, i % targets));
            if (c.microBatches() == 1) {
                return sd.constant(name, Nd4j.createFromArray(a).reshape(rows, targets));
            }
            pairings.add(new Pairing(name, a, patches));
            return sd.placeHolder(name, DataType.INT32, rows, targets);
        }
    }
}
