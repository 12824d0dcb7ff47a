package io.dino4j.graph.kernel.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.graph.kernel.MixedAgreement;
import io.dino4j.graph.kernel.OpCase;
import io.dino4j.graph.kernel.ProviderAgreement;
import io.dino4j.graph.op.Attention;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every op against the portable provider in double. */
final class OneDnnProviderTest {
    private static final double TOLERANCE = 5e-6;

    /** Of a value that is worked out from one that was rounded, and rounded again. */
    private static final double TWO_ROUNDINGS = 2 * MixedAgreement.ROUNDING;

    /** Ops that are left to the portable provider. */
    private static final Set<String> LEFT_OUT = Set.of("dino_sinkhorn_grad");

    static Stream<OpCase> cases() {
        return ProviderAgreement.cases();
    }

    /** Sequences too long for a tile of all heads, and for one of all queries. */
    static Stream<OpCase> longSequences() {
        return Stream.of(attention(5, 12, 600, 1), attention(3, 16, 800, 1), attention(1, 64, 1025, 2));
    }

    private static OpCase attention(int heads, int size, int length, int count) {
        INDArray qkv = Nd4j.randn(DataType.FLOAT, (long) length * count, 3L * heads * size)
                .castTo(DataType.DOUBLE);
        List<Attention.Sequences> groups = List.of(new Attention.Sequences(count, length));
        return new OpCase(
                "attention %d heads of %d, %d tokens".formatted(heads, size, length),
                (sd, in) -> new Attention(sd, in[0], heads, groups),
                List.of(qkv),
                List.of(0));
    }

    @ParameterizedTest
    @MethodSource("longSequences")
    void longSequencesAreTiled(OpCase c) {
        assertEquals(List.of(), ProviderAgreement.check(new OneDnnProvider(), c, TOLERANCE));
    }

    static Stream<OpCase> mixed() {
        return Stream.concat(MixedAgreement.cases(), longSequences());
    }

    @ParameterizedTest
    @MethodSource("mixed")
    void widenedProductsAgreeInMixedPrecision(OpCase c) {
        // the slope of GELU is rounded before it is multiplied, everything else is summed as it is
        double wide = c.name().contains("gelu") ? MixedAgreement.ROUNDING : TOLERANCE;
        assertEquals(
                List.of(), MixedAgreement.check(new OneDnnProvider(MixedProducts.WIDENED), c, wide, TWO_ROUNDINGS));
    }

    @ParameterizedTest
    @MethodSource("mixed")
    void nativeProductsAgreeInMixedPrecision(OpCase c) {
        // weights and attention probabilities are rounded too
        assertEquals(
                List.of(),
                MixedAgreement.check(
                        new OneDnnProvider(MixedProducts.NATIVE), c, MixedAgreement.ROUNDING, TWO_ROUNDINGS));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithThePortableProviderInDouble(OpCase c) {
        List<String> missing = ProviderAgreement.check(new OneDnnProvider(), c, TOLERANCE);
        assertEquals(
                List.of(), missing.stream().filter(op -> !LEFT_OUT.contains(op)).toList());
    }
}
