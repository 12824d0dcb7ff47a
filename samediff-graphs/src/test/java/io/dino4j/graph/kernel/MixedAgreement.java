package io.dino4j.graph.kernel;

import io.dino4j.graph.kernel.portable.PortableProvider;
import io.dino4j.graph.op.AddKeptRows;
import io.dino4j.graph.op.AddRows;
import io.dino4j.graph.op.CenteredSoftmax;
import io.dino4j.graph.op.GraphOp;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.Patchify;
import io.dino4j.graph.op.PositionEmbedding;
import io.dino4j.graph.op.PrototypeCrossEntropy;
import io.dino4j.graph.op.Sinkhorn;
import io.dino4j.graph.op.WeightNorm;
import io.dino4j.graph.op.WeightedSum;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Compares a provider in mixed precision with the portable one in DOUBLE on the same inputs: activations are rounded to BFLOAT16
 * before either sees them, so that what is left is the error of one op.
 */
public final class MixedAgreement {
    /** The bound of the relative error of one rounding to BFLOAT16, which has 8 significant bits. */
    public static final double ROUNDING = 1.0 / 256;

    /** Ops that see no activation of 16 bits in any network. */
    private static final Set<Class<? extends GraphOp>> WIDE = Set.of(
            PositionEmbedding.class,
            WeightNorm.class,
            PrototypeCrossEntropy.class,
            Sinkhorn.class,
            CenteredSoftmax.class,
            WeightedSum.class);

    private MixedAgreement() {}

    /** Every op that occurs in mixed precision, small and large. */
    public static Stream<OpCase> cases() {
        return Stream.concat(
                ProviderAgreement.cases().filter(c -> !narrowInputs(c).isEmpty()), OpCases.mixed().stream());
    }

    /** The activations among the inputs of a case. */
    private static Set<Integer> narrowInputs(OpCase c) {
        GraphOp op = new WiredOp(c).op();
        if (WIDE.contains(op.getClass()) || op instanceof Patchify) {
            return Set.of();
        }
        if (op instanceof Linear linear && linear.hasResidual()) {
            return Set.of(0, c.inputs().size() - 1);
        }
        return op instanceof AddRows || op instanceof AddKeptRows ? Set.of(0, 1) : Set.of(0);
    }

    /**
     * Compares all ops of a case: all outputs, a second run of the same kernel, and each output alone while nobody reads the others.
     *
     * @param wide largest relative error of FLOAT outputs, in the Euclidean norm
     * @param narrow that of BFLOAT16 outputs
     * @return the names of the ops that the provider has no kernel for
     */
    public static List<String> check(KernelProvider provider, OpCase c, double wide, double narrow) {
        Set<Integer> activations = narrowInputs(c);
        WiredOp wired = new WiredOp(
                c,
                IntStream.range(0, c.inputs().size())
                        .mapToObj(i -> activations.contains(i)
                                ? DataType.BFLOAT16
                                : stored(c.inputs().get(i)))
                        .toList());
        OpRunner reference = new OpRunner(new PortableProvider(), DataType.DOUBLE);
        OpRunner runner = new OpRunner(provider, DataType.FLOAT);
        Map<String, INDArray> values = wired.run(reference, c.inputs(), OpCases.outputGradients(c, wired));
        List<String> missing = new ArrayList<>();
        for (GraphOp op : wired.ops()) {
            List<INDArray> inputs = new ArrayList<>();
            for (var v : op.args()) {
                inputs.add(values.get(v.name()).castTo(v.dataType()));
            }
            List<INDArray> expected = reference.run(op, inputs);
            for (int only = -1; only < (expected.size() > 1 ? expected.size() : 0); only++) {
                Optional<OpRunner.Bound> bound = runner.bindAsTheyAre(op, inputs, only);
                bound.ifPresent(b -> ProviderAgreement.compare(
                        b, expected, out -> out.dataType() == DataType.BFLOAT16 ? narrow : wide));
                if (bound.isEmpty()) {
                    missing.add(op.opName());
                    break;
                }
            }
        }
        return missing;
    }

    private static DataType stored(INDArray x) {
        return x.dataType().isFPType() ? DataType.FLOAT : x.dataType();
    }
}
