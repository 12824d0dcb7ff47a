package io.dino4j.graph.kernel.onednn;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.op.AddKeptRows;
import io.dino4j.graph.op.AddRows;
import io.dino4j.graph.op.Attention;
import io.dino4j.graph.op.CenteredSoftmax;
import io.dino4j.graph.op.EmbedTokens;
import io.dino4j.graph.op.GatherRows;
import io.dino4j.graph.op.GraphOp;
import io.dino4j.graph.op.KoLeo;
import io.dino4j.graph.op.L2Normalize;
import io.dino4j.graph.op.LayerNorm;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.op.Patchify;
import io.dino4j.graph.op.PositionEmbedding;
import io.dino4j.graph.op.PrototypeCrossEntropy;
import io.dino4j.graph.op.Sinkhorn;
import io.dino4j.graph.op.SplitRows;
import io.dino4j.graph.op.SwiGlu;
import io.dino4j.graph.op.WeightNorm;
import io.dino4j.graph.op.WeightedSum;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The ops on oneDNN, for FLOAT parameters and FLOAT or BFLOAT16 activations (indices and counts INT32). Results are the
 * same bits for the same inputs and number of OpenMP threads. It has no kernel for {@link Sinkhorn.Grad}, which no recipe
 * asks for, and none for other types.
 */
public final class OneDnnProvider implements KernelProvider {
    private static final Map<Class<? extends GraphOp>, Consumer<Program>> KERNELS = Map.ofEntries(
            Map.entry(Patchify.class, TokenKernels::patchify),
            Map.entry(Patchify.Grad.class, TokenKernels::patchifyGradient),
            Map.entry(PositionEmbedding.class, TokenKernels::position),
            Map.entry(PositionEmbedding.Grad.class, TokenKernels::positionGradient),
            Map.entry(EmbedTokens.class, TokenKernels::embed),
            Map.entry(EmbedTokens.Grad.class, TokenKernels::embedGradient),
            Map.entry(Linear.class, LinearKernels::forward),
            Map.entry(Linear.Grad.class, LinearKernels::gradient),
            Map.entry(LayerNorm.class, LayerNormKernels::forward),
            Map.entry(LayerNorm.Grad.class, LayerNormKernels::gradient),
            Map.entry(Attention.class, AttentionKernels::forward),
            Map.entry(Attention.Grad.class, AttentionKernels::gradient),
            Map.entry(SwiGlu.class, GateKernels::forward),
            Map.entry(SwiGlu.Grad.class, GateKernels::gradient),
            Map.entry(GatherRows.class, RowKernels::gather),
            Map.entry(GatherRows.Grad.class, RowKernels::gatherGradient),
            Map.entry(AddRows.class, RowKernels::addRows),
            Map.entry(AddRows.Grad.class, RowKernels::addRowsGradient),
            Map.entry(AddKeptRows.class, RowKernels::addKeptRows),
            Map.entry(AddKeptRows.Grad.class, RowKernels::addKeptRowsGradient),
            Map.entry(SplitRows.Grad.class, RowKernels::splitGradient),
            Map.entry(L2Normalize.class, RowKernels::l2Normalize),
            Map.entry(L2Normalize.Grad.class, RowKernels::l2NormalizeGradient),
            Map.entry(WeightNorm.class, RowKernels::weightNorm),
            Map.entry(WeightNorm.Grad.class, RowKernels::weightNormGradient),
            Map.entry(PrototypeCrossEntropy.class, LossKernels::crossEntropy),
            Map.entry(PrototypeCrossEntropy.Grad.class, LossKernels::crossEntropyGradient),
            Map.entry(KoLeo.class, KoLeoKernels::forward),
            Map.entry(KoLeo.Grad.class, KoLeoKernels::gradient),
            Map.entry(Sinkhorn.class, TargetKernels::sinkhorn),
            Map.entry(CenteredSoftmax.class, TargetKernels::centeredSoftmax),
            Map.entry(WeightedSum.class, LossKernels::weightedSum),
            Map.entry(WeightedSum.Grad.class, LossKernels::weightedSumGradient));

    /** Ops that take part in no network's 16-bit half. */
    private static final Set<Class<? extends GraphOp>> FLOAT_ONLY = Set.of(
            PositionEmbedding.class,
            PositionEmbedding.Grad.class,
            WeightNorm.class,
            WeightNorm.Grad.class,
            PrototypeCrossEntropy.class,
            PrototypeCrossEntropy.Grad.class,
            Sinkhorn.class,
            CenteredSoftmax.class,
            WeightedSum.class,
            WeightedSum.Grad.class);

    private final MixedProducts mixedProducts;

    /** Products are computed the way that is fast on this processor. */
    public OneDnnProvider() {
        this(MixedProducts.ofThisMachine());
    }

    OneDnnProvider(MixedProducts mixedProducts) {
        this.mixedProducts = mixedProducts;
    }

    @Override
    public String name() {
        return "onednn";
    }

    @Override
    public String describe() {
        return Dnnl.describe();
    }

    @Override
    public Optional<Kernel> kernel(OpCall call) {
        if (!isServed(call)) {
            return Optional.empty();
        }
        if (call.op() instanceof SplitRows) {
            // all its outputs are views
            return Optional.of(() -> {});
        }
        Consumer<Program> kernel = KERNELS.get(call.op().getClass());
        if (kernel == null) {
            return Optional.empty();
        }
        Program program = new Program(call, mixedProducts);
        kernel.accept(program);
        return Optional.of(program.ready());
    }

    private static boolean isServed(OpCall call) {
        boolean floatOnly = FLOAT_ONLY.contains(call.op().getClass());
        return Stream.concat(
                        call.inputs().stream(), Arrays.stream(call.outputs()).filter(Objects::nonNull))
                .map(INDArray::dataType)
                .allMatch(t -> t == DataType.FLOAT || t == DataType.INT32 || t == DataType.BFLOAT16 && !floatOnly);
    }
}
