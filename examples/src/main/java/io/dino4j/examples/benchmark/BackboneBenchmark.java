package io.dino4j.examples.benchmark;

import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.train.Recipe;
import io.dino4j.train.config.RunConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The benchmarks of a backbone without heads. */
abstract class BackboneBenchmark extends BenchmarkRun {
    /** What there is to compare with. */
    enum Rival {
        /** The same network of SameDiff's own ops, run by SameDiff's own session. */
        STOCK
    }

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "8",
            description = "Images at a time; default ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--size",
            paramLabel = "PIXELS",
            description = "Side of the images, a multiple of the patch size; default that of the preset.")
    private Integer size;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            defaultValue = "f32",
            description = "f32 or bf16: activations of 16 bits, parameters and sums of 32; default ${DEFAULT-VALUE}.")
    private RunConfig.Precision precision;

    @Option(
            names = "--against",
            paramLabel = "NAME",
            description = "stock: measure the same network of stock SameDiff ops too, in a process of its own; takes"
                    + " minutes.")
    private List<Rival> against = new ArrayList<>();

    private Workload work;

    /** True to run backward too. */
    abstract boolean training();

    /** True to work blocks out again for the gradients. */
    boolean recompute() {
        return false;
    }

    @Override
    public Integer call() throws Exception {
        if (size != null && size < 1) {
            throw new IllegalArgumentException("--size must be positive, got " + size);
        }
        work = Workload.of(preset(), batch, size == null ? 0 : size, training()).in(Recipe.precision(precision));
        return super.call();
    }

    @Override
    Compiled compile(List<KernelProvider> providers) {
        return new CompiledVit(work, providers, recompute());
    }

    @Override
    Optional<Timing> stock() throws InterruptedException, StockFailure {
        if (!against.contains(Rival.STOCK)) {
            return Optional.empty();
        }
        tell("stock SameDiff: starting its own process");
        return Optional.of(StockProcess.measure(preset(), work));
    }
}
