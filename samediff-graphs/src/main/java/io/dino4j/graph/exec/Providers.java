package io.dino4j.graph.exec;

import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.onednn.OneDnnProvider;
import io.dino4j.graph.kernel.portable.PortableProvider;
import java.util.List;

/** The kernel providers of this machine, fastest first. */
public enum Providers {
    /** oneDNN where it has a kernel, ND4J for the rest. */
    ONEDNN {
        @Override
        public List<KernelProvider> list() {
            return List.of(new OneDnnProvider(), new PortableProvider());
        }
    },
    /** ND4J alone: any backend. */
    PORTABLE {
        @Override
        public List<KernelProvider> list() {
            return List.of(new PortableProvider());
        }
    };

    /**
     * The providers of this choice.
     *
     * @throws LinkageError if a native library does not load on this machine
     */
    public abstract List<KernelProvider> list();

    /** oneDNN if its library loads here, else the portable kernels. */
    public static List<KernelProvider> forThisMachine() {
        try {
            return ONEDNN.list();
        } catch (LinkageError e) {
            return PORTABLE.list();
        }
    }
}
