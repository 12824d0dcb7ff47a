package io.dino4j.train;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.optim.AdamW;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.schedule.Hyper;
import java.util.Map;
import java.util.Optional;

/** An update in this process: all ranks are here, and so are the moments. */
final class LocalUpdate implements Update {
    private final GradientClip clip;
    private final AdamW optimizer;
    private final ParameterVector student;
    private final ParameterVector average;
    private ParameterVector gathered;

    LocalUpdate(Optimization optimization, ParameterVector student, ParameterVector average) {
        this.clip = optimization.clip();
        this.optimizer = optimization.adamW();
        this.student = student;
        this.average = average;
    }

    @Override
    public long begin(long step) {
        return step;
    }

    @Override
    public Optional<GradientListener> listener() {
        return Optional.empty();
    }

    @Override
    public void meanwhile(Runnable work) {
        work.run();
    }

    @Override
    public GradientClip.Clipping gather(long step, ParameterVector gradients, Map<String, Double> losses) {
        gathered = gradients;
        return clip.measure(gradients);
    }

    @Override
    public void apply(GradientClip.Clipping clipping, Hyper now, Map<String, Double> values) {
        optimizer.update(student, gathered, clipping, average, now);
    }

    @Override
    public ParameterVector firstMoment() {
        return optimizer.firstMoment();
    }

    @Override
    public ParameterVector secondMoment() {
        return optimizer.secondMoment();
    }

    @Override
    public long steps() {
        return optimizer.steps();
    }

    @Override
    public void restored(long step, long updates) {
        optimizer.restoreSteps(updates);
    }

    @Override
    public void close() {
        // holds nothing but arrays
    }
}
