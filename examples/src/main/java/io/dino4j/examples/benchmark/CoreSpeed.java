package io.dino4j.examples.benchmark;

import io.dino4j.data.DaemonThreads;
import io.dino4j.data.Progress;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.KernelThreads;
import io.dino4j.train.RunEstimator;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What a training step reaches on one core: operations as the simulation counts them for the processor time of the one thread that computes.
 *
 * @param config the step
 * @param rounds that count, at least 1
 */
record CoreSpeed(RunConfig config, int rounds) {
    private static final double NANO = 1e-9;
    private static final double GIGA = 1e9;

    /**
     * ViT-S/14 with two images in the place of 32 and half of its prototypes, as what is done once a step weighs more with few images: some seconds
     * and 3 GB.
     */
    static CoreSpeed ofSmallStep() {
        List<String> small =
                List.of("train.batch_size_per_gpu=2", "dino.head_n_prototypes=65536", "ibot.head_n_prototypes=65536");
        return new CoreSpeed(
                ConfigLayers.defaults().preset("vits14").overrides(small).resolve(), 3);
    }

    /** The median of the rounds, in operations a second. */
    double flopsPerSecond(List<KernelProvider> providers, Progress progress) throws InterruptedException {
        ExecutorService core = Executors.newSingleThreadExecutor(new DaemonThreads("dino4j-core"));
        progress.begin("a step on one core", 0, rounds + 1L);
        try {
            double flops = RunEstimator.ofGraphs(config).flopsPerStep();
            double speed =
                    core.submit(() -> flops / seconds(providers, progress)).get();
            progress.say("a step of %.0f GFLOP reaches %.0f GFLOP/s on one core".formatted(flops / GIGA, speed / GIGA));
            return speed;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
        } finally {
            progress.end();
            core.shutdown();
        }
    }

    private double seconds(List<KernelProvider> providers, Progress progress) {
        KernelThreads.limit(1);
        List<Double> seconds = new ArrayList<>();
        try (CompiledStep step = new CompiledStep(config, providers)) {
            for (int i = 0; i <= rounds; i++) {
                long begin = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                step.run();
                long end = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                if (i > 0) {
                    seconds.add(NANO * (end - begin));
                }
                progress.advance(i + 1L, Map.of());
            }
        }
        Collections.sort(seconds);
        return (seconds.get((rounds - 1) / 2) + seconds.get(rounds / 2)) / 2;
    }
}
