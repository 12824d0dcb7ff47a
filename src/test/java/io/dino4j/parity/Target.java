package io.dino4j.parity;

import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.onednn.OneDnnProvider;
import io.dino4j.graph.kernel.portable.PortableProvider;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What a parity test runs on.
 *
 * @param name for the test report
 * @param providers who computes the ops
 * @param type type of all arrays
 */
record Target(String name, List<KernelProvider> providers, DataType type) {
    /** Both providers, and the portable one in double too. */
    static List<Target> all() {
        return List.of(
                new Target("portable f64", List.of(new PortableProvider()), DataType.DOUBLE),
                new Target("portable f32", List.of(new PortableProvider()), DataType.FLOAT),
                new Target("oneDNN f32", List.of(new OneDnnProvider(), new PortableProvider()), DataType.FLOAT));
    }

    /** Every fixture of a kind on every target. */
    static Stream<Arguments> with(List<Fixture> fixtures) {
        return Fixtures.present(fixtures).stream().flatMap(f -> all().stream().map(t -> Arguments.of(f, t)));
    }

    @Override
    public String toString() {
        return name;
    }
}
