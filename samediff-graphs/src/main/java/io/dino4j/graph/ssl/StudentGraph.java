package io.dino4j.graph.ssl;

import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.op.GatherRows;
import io.dino4j.graph.op.KoLeo;
import io.dino4j.graph.op.PrototypeCrossEntropy;
import io.dino4j.graph.op.SplitRows;
import io.dino4j.graph.op.WeightedSum;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.Tokens;
import io.dino4j.graph.vit.Vit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntBinaryOperator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The student's half of a step: masked global and unmasked local crops in one packed pass, and the losses.
 *
 * @param graph the graph, {@link #LOSS} marked as its loss; placeholders are the constants of this class and of
 *     {@link TeacherGraph}, and those of {@code tokens.dropPath()}
 * @param tokens where the tokens of which image are; group 0 holds global, group 1 local crops
 * @param terms the parts of the objective
 */
public record StudentGraph(SameDiff graph, Tokens tokens, List<Term> terms) {
    /** Placeholder: local crops {@code [L B, 3, s, s]}, all first crops, then all second ones and so on. */
    public static final String LOCAL_CROPS = "local_crops";

    /** Placeholder: masks {@code [2 B, n]} of the global crops. */
    public static final String MASKS = "masks";

    /** Placeholder: rows of the tokens that go through heads, INT32: cls of local crops, of global crops, masked patches. */
    public static final String ROWS = "rows";

    /** Placeholder: weight {@code [M]} of every masked patch, 1 over the number in its crop; 0 for padding. */
    public static final String MASK_WEIGHTS = "mask_weights";

    /** Output: the objective. */
    public static final String LOSS = "loss";

    /** Added in KoLeo (official {@code koleo_loss.py}). */
    static final double KOLEO_EPS = 1e-8;

    /**
     * One part of the objective; its value is a scalar output of the graph, and is what gets logged.
     *
     * @param name name of the output, as in the official logs
     * @param weight factor in the objective
     */
    public record Term(String name, double weight) {}

    /** Builds the graph. */
    public static StudentGraph of(SslConfig c, DataType type) {
        return new Builder(c, type).build();
    }

    private static final class Builder {
        private final SslConfig c;
        private final DataType type;
        private final SameDiff sd = BoundGraph.create();
        private final List<Term> terms = new ArrayList<>();
        private final List<SDVariable> values = new ArrayList<>();

        Builder(SslConfig c, DataType type) {
            this.c = c;
            this.type = type;
        }

        StudentGraph build() {
            Vit vit = new Vit(sd, c.backbone(), SslConfig.BACKBONE, type);
            Heads heads = new Heads(sd, c, type);
            Tokens tokens = vit.forward(crops(), c.dropRate(), c.dropUniform());

            SDVariable index = sd.placeHolder(ROWS, DataType.INT32, c.headRows());
            SDVariable picked = new GatherRows(sd, tokens.prenorm(), index, false).outputVariables()[0];
            SDVariable rows = vit.norm(picked); //                                            [L B + 2 B + M, D]
            boolean local = c.localCrops() > 0;
            long[] counts = local
                    ? new long[] {c.localRows(), c.globalRows(), c.maxMasked()}
                    : new long[] {c.globalRows(), c.maxMasked()};
            SDVariable[] logits = heads.logits(rows, counts);
            int global = local ? 1 : 0;
            if (local) {
                addClsLoss(
                        "dino_local_crops_loss",
                        logits[0],
                        c.localRows(),
                        2,
                        (row, j) -> j * c.batch() + row % c.batch());
            }
            // a global crop is compared with the other one of the same image
            addClsLoss(
                    "dino_global_crops_loss",
                    logits[global],
                    c.globalRows(),
                    1,
                    (row, j) -> (row + c.batch()) % c.globalRows());
            SDVariable cls = new SplitRows(sd, rows, counts).outputVariables()[global];
            cls.rename(TeacherGraph.CLS_FEATURES);
            if (c.koleoWeight() != 0) {
                SDVariable value = new KoLeo(sd, cls, SslConfig.GLOBAL_CROPS, KOLEO_EPS).outputVariables()[0];
                add("koleo_loss", c.koleoWeight(), value);
            }
            addPatchLoss(logits[global + 1]);

            double[] weights = terms.stream().mapToDouble(Term::weight).toArray();
            SDVariable loss = new WeightedSum(sd, values, weights).outputVariable();
            loss.rename(LOSS);
            sd.setLossVariables(LOSS);
            return new StudentGraph(sd, tokens, terms);
        }

        private List<Crops> crops() {
            int n = c.globalRows();
            SDVariable images = sd.placeHolder(TeacherGraph.GLOBAL_CROPS, type, n, 3, c.globalSize(), c.globalSize());
            SDVariable masks = sd.placeHolder(MASKS, type, n, c.globalPatches());
            Crops global = new Crops(images, n, c.globalSize(), c.globalSize(), Optional.of(masks));
            if (c.localCrops() == 0) {
                return List.of(global);
            }
            SDVariable small = sd.placeHolder(LOCAL_CROPS, type, c.localRows(), 3, c.localSize(), c.localSize());
            return List.of(global, new Crops(small, c.localRows(), c.localSize(), c.localSize()));
        }

        private void add(String name, double weight, SDVariable value) {
            value.rename(name);
            terms.add(new Term(name, weight));
            values.add(value);
        }

        /** Mean over images and pairs of crops: every row counts {@code 1 / (B pairs)}. */
        private void addClsLoss(String name, SDVariable logits, int rows, int targets, IntBinaryOperator target) {
            SDVariable all = sd.hasVariable(TeacherGraph.CLS_TARGETS)
                    ? sd.getVariable(TeacherGraph.CLS_TARGETS)
                    : sd.placeHolder(
                            TeacherGraph.CLS_TARGETS,
                            type,
                            c.globalRows(),
                            c.dinoHead().prototypes());
            INDArray weights = Nd4j.valueArrayOf(new long[] {rows}, 1.0 / ((double) c.batch() * c.clsTerms()), type);
            SDVariable weight = sd.constant(name + ".weights", weights);
            SDVariable value = new PrototypeCrossEntropy(
                            sd, logits, all, assignment(name, rows, targets, target), weight, c.studentTemp())
                    .outputVariables()[0];
            add(name, c.dinoWeight(), value);
        }

        /** Mean over global crops, masked or not, of the mean over a crop's masked patches. */
        private void addPatchLoss(SDVariable logits) {
            String name = "ibot_loss";
            SDVariable targets = sd.placeHolder(
                    TeacherGraph.PATCH_TARGETS,
                    type,
                    c.maxMasked(),
                    c.patchHead().prototypes());
            SDVariable weights = sd.placeHolder(MASK_WEIGHTS, type, c.maxMasked());
            SDVariable assignment = assignment(name, c.maxMasked(), 1, (row, j) -> row);
            SDVariable sum = new PrototypeCrossEntropy(sd, logits, targets, assignment, weights, c.studentTemp())
                    .outputVariables()[0];
            SDVariable mean = new WeightedSum(sd, List.of(sum), new double[] {1.0 / c.globalRows()}).outputVariable();
            add(name, c.ibotWeight(), mean);
        }

        private SDVariable assignment(String name, int rows, int targets, IntBinaryOperator target) {
            int[] a = new int[rows * targets];
            for (int i = 0; i < a.length; i++) {
                a[i] = target.applyAsInt(i / targets, i % targets);
            }
            return sd.constant(name + ".targets", Nd4j.createFromArray(a).reshape(rows, targets));
        }
    }
}
