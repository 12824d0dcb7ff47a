package io.dino4j.benchmarks.subject;

import io.dino4j.examples.benchmark.CompiledStep;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.train.Versions;
import java.util.List;
import java.util.Map;

/** A training step without the optimiser: targets, losses, gradients. Its arguments are those of {@link Arguments#config}. */
final class Step implements Subject {
    private final List<KernelProvider> providers = Providers.forThisMachine();
    private final CompiledStep step;

    Step(Arguments a) {
        step = new CompiledStep(a.config(), providers);
    }

    @Override
    public void run() {
        step.run();
    }

    @Override
    public Map<String, Object> facts() {
        return Map.of("version", Versions.of(providers), "plan_bytes", step.bytes());
    }

    @Override
    public void close() {
        step.close();
    }
}
