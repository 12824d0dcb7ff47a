package io.dino4j.examples.option;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.kernel.KernelProvider;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --kernels}: who computes. */
public final class KernelsOption {
    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            description = "onednn or portable; default the fastest that runs here.")
    private Providers kernels;

    /** For picocli. */
    public KernelsOption() {}

    /** The providers chosen, first the one that is asked first. */
    public List<KernelProvider> list() {
        return kernels == null ? Providers.forThisMachine() : kernels.list();
    }
}
