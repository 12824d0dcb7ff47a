package io.dino4j.graph.exec;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.kernel.portable.PortableProvider;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** The portable kernels, with a count of those made and closed: made once for each op that is compiled, and for each that is interpreted. */
final class CountingProvider implements KernelProvider {
    private final PortableProvider portable = new PortableProvider();
    private final AtomicInteger made = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();

    @Override
    public String name() {
        return "counting";
    }

    @Override
    public String describe() {
        return portable.describe();
    }

    @Override
    public Optional<Kernel> kernel(OpCall call) {
        return portable.kernel(call).map(this::counted);
    }

    private Kernel counted(Kernel kernel) {
        made.incrementAndGet();
        return new Kernel() {
            @Override
            public void run() {
                kernel.run();
            }

            @Override
            public void close() {
                closed.incrementAndGet();
                kernel.close();
            }
        };
    }

    int made() {
        return made.get();
    }

    int closed() {
        return closed.get();
    }
}
