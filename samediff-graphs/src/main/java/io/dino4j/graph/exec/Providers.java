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
            if (Backend.loaded().hasCards()) {
                throw new IllegalArgumentException(
                        "oneDNN works in the processor's memory, but ND4J keeps arrays on cards: take the portable kernels");
            }
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
     * @throws IllegalArgumentException if they cannot work where ND4J keeps its arrays
     */
    public abstract List<KernelProvider> list();

    /** oneDNN if its library loads here, else the portable kernels, and those too if ND4J keeps its arrays on cards. */
    public static List<KernelProvider> forThisMachine() {
        return on(Backend.loaded()).list();
    }

    /** The fastest for a backend. */
    static Providers on(Backend backend) {
        if (backend.hasCards()) {
            return PORTABLE;
        }
        try {
            ONEDNN.list();
            return ONEDNN;
        } catch (LinkageError e) {
            return PORTABLE;
        }
    }
}
