package io.dino4j.examples.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What a build for CUDA needs of the machine. ND4J itself would tell of its lack by a stack trace. */
final class CudaDriver {
    private static final String BACKEND = "org/nd4j/linalg/jcublas/JCublasBackend.class";

    /** What the driver of a card makes: on Linux, and on Linux under Windows. */
    private static final List<Path> DEVICES = List.of(Path.of("/dev/nvidiactl"), Path.of("/dev/dxg"));

    private CudaDriver() {}

    /** One line; empty if nothing is known to be missing. */
    static Optional<String> missing() {
        boolean needed = CudaDriver.class.getClassLoader().getResource(BACKEND) != null;
        return missing(needed, DEVICES.stream().anyMatch(Files::exists));
    }

    static Optional<String> missing(boolean needed, boolean there) {
        return needed && !there
                ? Optional.of(
                        "this was built for CUDA, and no NVIDIA card with its driver is here (there is no %s); build it without the profile cuda (DINO4J_PROFILES) to use the processors"
                                .formatted(DEVICES.get(0)))
                : Optional.empty();
    }
}
