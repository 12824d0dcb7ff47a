package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dino4j.data.Progress;
import io.dino4j.graph.exec.Providers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.metrics.LinuxMemory;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What an estimate says is what the parts of a run say of themselves. */
final class RunEstimatorTest {
    private static final RunEstimator.Effort LITTLE = new RunEstimator.Effort(0, 0, 60);

    private static RunEstimator estimator(RunConfig config, Optional<KnnProbe> probe) {
        return new RunEstimator(config, TinyTraining.IMAGES, probe, Providers.PORTABLE.list(), LITTLE);
    }

    @Test
    void graphsTellMemoryByKind() {
        RunConfig one = TinyTraining.config();
        RunConfig two = TinyTraining.config("train.batch_size_per_gpu=2", "train.accumulation_steps=2");
        RunConfig again = TinyTraining.config("train.recompute_blocks=true");
        RunEstimate estimate = estimator(one, Optional.empty()).fromGraphs();
        long parameters = Recipe.step(one).student().layout().length();
        assertEquals(parameters, estimate.backboneParameters() + estimate.headParameters());
        Map<String, Long> kinds = estimate.memory().bytes();
        assertEquals(4 * parameters, kinds.get("weights: student"));
        assertEquals(4 * parameters, kinds.get("gradients"));
        assertEquals(8 * parameters, kinds.get("moments"));
        Map<String, Long> halves =
                estimator(two, Optional.empty()).fromGraphs().memory().bytes();
        assertEquals(8 * parameters, halves.get("gradients"), "a micro-batch's, and their sum");
        assertTrue(halves.get("intermediate: student") < kinds.get("intermediate: student"));
        assertTrue(
                estimator(again, Optional.empty()).fromGraphs().memory().bytes().get("intermediate: student")
                        < kinds.get("intermediate: student"));
        assertEquals(Optional.empty(), estimate.seconds());
    }

    @Test
    void stepsAreMeasuredInEveryPhase() {
        assumeTrue(LinuxMemory.peakResident().isPresent(), "needs Linux");
        RunConfig config = TinyTraining.config(
                "evaluation.eval_period_iterations=2",
                "phases=[{name: large, optim: {epochs: 3}, crops: {global_crops_size: 40}}]");
        KnnProbe probe = new KnnProbe(TinyTraining.IMAGES, TinyTraining.IMAGES, Recipe.evaluation(config), 1);
        RunEstimator estimator = estimator(config, Optional.of(probe));
        RunEstimate known = estimator.fromGraphs();
        RunEstimate estimate = estimator.measured(known, Progress.SILENT);
        assertEquals(2, estimate.phases().size());
        RunEstimate.Phase first = estimate.phases().get(0);
        RunEstimate.Phase large = estimate.phases().get(1);
        assertEquals(6, first.steps());
        assertEquals(3, large.steps());
        assertTrue(large.flopsPerStep() > first.flopsPerStep());
        assertTrue(large.memory().bytes().get("intermediate: student")
                > first.memory().bytes().get("intermediate: student"));
        double seconds = 6 * first.time().orElseThrow().perStep()
                + 3 * large.time().orElseThrow().perStep();
        double evaluations = first.time().orElseThrow().evaluations()
                + large.time().orElseThrow().evaluations();
        assertTrue(evaluations > 0);
        assertEquals(seconds + evaluations, estimate.seconds().orElseThrow(), 1e-9);
        // before and after steps 2 and 4 and the last of the first phase; after step 8 and the last of the second
        assertEquals(4, Evaluations.count(Phase.of(config, 0)));
        assertEquals(2, Evaluations.count(Phase.of(config, 1)));
        double peak = LinuxMemory.peakResident().getAsLong();
        assertEquals(peak, estimate.memory().total(), 0.05 * peak, "the kernel counts pages in lots");
    }
}
