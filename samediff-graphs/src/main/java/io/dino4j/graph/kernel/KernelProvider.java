package io.dino4j.graph.kernel;

import java.util.Optional;

/** A way to compute the ops: one device or library. */
public interface KernelProvider {
    /** A short name, such as {@code portable} or {@code onednn}. */
    String name();

    /** Versions and features, one line for a person. */
    String describe();

    /** The kernel of an op on given arrays; empty if this provider has none for the op or the type of the arrays. */
    Optional<Kernel> kernel(OpCall call);
}
