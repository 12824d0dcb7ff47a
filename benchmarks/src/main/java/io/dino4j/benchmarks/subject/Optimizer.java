package io.dino4j.benchmarks.subject;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.Recipe;
import io.dino4j.train.optim.AdamW;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.ParameterGroups;
import io.dino4j.train.optim.Workers;
import io.dino4j.train.schedule.Hyper;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/** The update alone: AdamW and the teacher's moving average over all parameters of a preset. */
final class Optimizer implements Subject {
    /** Floats moved for each parameter: p, g, m, v and the teacher's read, all but g written. */
    private static final int MOVED = 9;

    private static final double LAYER_DECAY = 0.9;
    private static final double PATCH_EMBED_RATE = 0.2;
    private static final double GRADIENT = 1e-3;
    private static final double CLIP = 3;
    private static final Hyper NOW = new Hyper(1e-4, 0.04, 0.994, 0.07, 1e-4);

    private final Workers workers;
    private final AdamW adamW;
    private final ParameterVector student;
    private final ParameterVector gradients;
    private final ParameterVector teacher;
    private final GradientClip.Clipping clipping;

    Optimizer(Arguments a) {
        workers = new Workers(a.number("threads"));
        ParameterLayout layout = Recipe.step(a.config()).student().layout();
        ParameterGroups groups = ParameterGroups.of(layout, LAYER_DECAY, PATCH_EMBED_RATE);
        adamW = new AdamW(groups, AdamW.Constants.DEFAULT, workers);
        student = ParameterVector.zeros(layout, DataType.FLOAT);
        teacher = ParameterVector.zeros(layout, DataType.FLOAT);
        gradients = ParameterVector.zeros(layout, DataType.FLOAT);
        gradients.vector().assign(GRADIENT);
        clipping = new GradientClip(groups, CLIP, workers).measure(gradients);
    }

    @Override
    public void run() {
        adamW.update(student, gradients, clipping, teacher, NOW);
    }

    @Override
    public Map<String, Object> facts() {
        long parameters = student.layout().length();
        return Map.of("parameters", parameters, "bytes", parameters * MOVED * Float.BYTES);
    }

    @Override
    public void close() {
        workers.close();
    }
}
