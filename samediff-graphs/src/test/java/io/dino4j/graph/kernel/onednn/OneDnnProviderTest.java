package io.dino4j.graph.kernel.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.graph.kernel.OpCase;
import io.dino4j.graph.kernel.ProviderAgreement;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every op against the portable provider in double. */
final class OneDnnProviderTest {
    private static final double TOLERANCE = 5e-6;

    /** Ops that are left to the portable provider. */
    private static final Set<String> LEFT_OUT = Set.of("dino_sinkhorn_grad");

    static Stream<OpCase> cases() {
        return ProviderAgreement.cases();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithThePortableProviderInDouble(OpCase c) {
        List<String> missing = ProviderAgreement.check(new OneDnnProvider(), c, TOLERANCE);
        assertEquals(List.of(), missing.stream().filter(op -> !LEFT_OUT.contains(op)).toList());
    }
}
