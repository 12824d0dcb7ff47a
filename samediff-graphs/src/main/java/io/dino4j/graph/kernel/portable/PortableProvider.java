package io.dino4j.graph.kernel.portable;

import static java.util.Map.entry;

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
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Every op of {@link io.dino4j.graph.op.GraphOps}, composed of ND4J operations. Clear rather than fast; it runs wherever ND4J
 * runs and in double precision too, which makes it the reference of the other providers; BFLOAT16 arrays are worked on in FLOAT
 * copies. Kernels allocate temporaries, which the garbage collector frees.
 */
public final class PortableProvider implements KernelProvider {
    private static final Map<Class<? extends GraphOp>, Function<OpCall, Kernel>> KERNELS = Map.ofEntries(
            entry(Patchify.class, EmbeddingKernels::patchify),
            entry(Patchify.Grad.class, EmbeddingKernels::patchifyGrad),
            entry(PositionEmbedding.class, EmbeddingKernels::positions),
            entry(PositionEmbedding.Grad.class, EmbeddingKernels::positionsGrad),
            entry(EmbedTokens.class, TokenKernels::embed),
            entry(EmbedTokens.Grad.class, TokenKernels::embedGrad),
            entry(Linear.class, LinearKernels::linear),
            entry(Linear.Grad.class, LinearKernels::linearGrad),
            entry(SwiGlu.class, LinearKernels::swiGlu),
            entry(SwiGlu.Grad.class, LinearKernels::swiGluGrad),
            entry(LayerNorm.class, NormKernels::layerNorm),
            entry(LayerNorm.Grad.class, NormKernels::layerNormGrad),
            entry(L2Normalize.class, NormKernels::l2Normalize),
            entry(L2Normalize.Grad.class, NormKernels::l2NormalizeGrad),
            entry(WeightNorm.class, NormKernels::weightNorm),
            entry(WeightNorm.Grad.class, NormKernels::weightNormGrad),
            entry(Attention.class, AttentionKernels::attention),
            entry(Attention.Grad.class, AttentionKernels::attentionGrad),
            entry(GatherRows.class, RowKernels::gather),
            entry(GatherRows.Grad.class, RowKernels::gatherGrad),
            entry(AddRows.class, RowKernels::add),
            entry(AddRows.Grad.class, RowKernels::addGrad),
            entry(AddKeptRows.class, RowKernels::addKept),
            entry(AddKeptRows.Grad.class, RowKernels::addKeptGrad),
            entry(SplitRows.class, RowKernels::split),
            entry(SplitRows.Grad.class, RowKernels::splitGrad),
            entry(PrototypeCrossEntropy.class, LossKernels::crossEntropy),
            entry(PrototypeCrossEntropy.Grad.class, LossKernels::crossEntropyGrad),
            entry(KoLeo.class, KoLeoKernels::koLeo),
            entry(KoLeo.Grad.class, KoLeoKernels::koLeoGrad),
            entry(WeightedSum.class, LossKernels::weightedSum),
            entry(WeightedSum.Grad.class, LossKernels::weightedSumGrad),
            entry(Sinkhorn.class, TargetKernels::sinkhorn),
            entry(Sinkhorn.Grad.class, TargetKernels::sinkhornGrad),
            entry(CenteredSoftmax.class, TargetKernels::centeredSoftmax));

    @Override
    public String name() {
        return "portable";
    }

    @Override
    public String describe() {
        return "ND4J " + Nd4j.getBackend().getClass().getSimpleName() + ", float, double and bfloat16";
    }

    @Override
    public Optional<Kernel> kernel(OpCall call) {
        DataType type = call.in(0).dataType();
        if (type != DataType.FLOAT && type != DataType.DOUBLE && type != DataType.BFLOAT16) {
            return Optional.empty();
        }
        return Optional.ofNullable(KERNELS.get(call.op().getClass()))
                .map(factory -> Rounding.concerns(call) ? Rounding.around(factory, call) : factory.apply(call));
    }
}
