package io.dino4j.train;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.optim.AdamW;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.Optimization;
import io.dino4j.train.schedule.Hyper;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;

/** An update in this process: all ranks are here, and so are the moments. */
final class LocalUpdate implements Update {
    private final GradientClip clip;
    private final AdamW optimizer;
    private final ParameterVector student;
    private final ParameterVector average;
    private final LongFunction<Hyper> schedule;
    private ParameterVector gathered;

    LocalUpdate(
            Optimization optimization, ParameterVector student, ParameterVector average, LongFunction<Hyper> schedule) {
        this.schedule = schedule;
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
    public void apply(long step, GradientClip.Clipping clipping, Map<String, Double> values) {
        optimizer.update(student, gathered, clipping, average, schedule.apply(step));
    }

    @Override
    public void settle(long step) {
        // every update is made at once
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
