package io.dino4j.examples.benchmark;

import io.dino4j.data.Seed;
import io.dino4j.data.crop.Batch;
import io.dino4j.data.crop.BatchLoader;
import io.dino4j.data.source.RenderedShapes;
import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.OpTime;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.DropPath;
import io.dino4j.train.Recipe;
import io.dino4j.train.SslModel;
import io.dino4j.train.StepInputs;
import io.dino4j.train.config.RunConfig;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A step of self-supervised training without the optimiser: the teacher's targets, the student's losses and the gradient of every
 * parameter, on a batch of drawn shapes with the crops and block masks of the recipe.
 */
public final class CompiledStep implements Compiled {
    private static final long SEED = 1;

    /** Layer-scale of a trained network. */
    private static final double LAYER_SCALE = 1;

    private static final double TEACHER_TEMPERATURE = 0.07;

    private final Precision precision;
    private final SslModel model;
    private final List<StepInputs> inputs;

    /**
     * Builds and compiles the graphs and draws the batch.
     *
     * @param providers who computes the ops, the first that can
     */
    public CompiledStep(RunConfig config, List<KernelProvider> providers) {
        GraphOps.register();
        SslConfig step = Recipe.step(config);
        precision = Recipe.precision(config.train().precision());
        model = new SslModel(
                step, precision, providers, Collective.ALONE, config.train().recomputeBlocks());
        Initialization.fill(model.student(), LAYER_SCALE, SEED);
        model.average().vector().assign(model.student().vector());
        inputs = Collections.nCopies(step.microBatches(), draw(config, step));
    }

    private StepInputs draw(RunConfig config, SslConfig step) {
        Seed drops = new Seed(SEED).derive("drop path");
        List<DropPath.Branch> branches = model.dropPath().branches();
        Map<String, int[]> dropRows = new HashMap<>();
        for (int i = 0; i < branches.size(); i++) {
            dropRows.put(branches.get(i).placeholder(), branches.get(i).draw(drops.at(0, i)));
        }
        try (BatchLoader loader = BatchLoader.open(
                        RenderedShapes.draw("benchmark", step.batch(), step.globalSize(), SEED),
                        Recipe.crops(config),
                        step.batch(),
                        SEED,
                        0,
                        1,
                        0,
                        warning -> {});
                Batch batch = loader.next()) {
            return new StepInputs(
                    batch.globals().dup(),
                    Optional.ofNullable(batch.locals()).map(x -> x.dup()),
                    batch.masks().dup(),
                    batch.maskIndices().toIntVector(),
                    batch.maskWeights().dup(),
                    batch.maskedCount(),
                    dropRows);
        }
    }

    @Override
    public Summary summary(String preset) {
        SslConfig c = model.config();
        String images = "2 x %d + %d x %d crops, %,d prototypes, %s, drop path %s, %d of %d masked patches"
                .formatted(
                        c.globalSize(),
                        c.localCrops(),
                        c.localSize(),
                        c.student().dinoHead().prototypes(),
                        c.student().ibotHead().isPresent() ? "two heads" : "one head",
                        c.dropRate(),
                        inputs.get(0).maskedCount(),
                        c.patchRows());
        long tokens = (long) SslConfig.GLOBAL_CROPS * c.student().backbone().numTokens(c.globalSize(), c.globalSize())
                + (long) c.localCrops() * c.student().backbone().numTokens(c.localSize(), c.localSize());
        return new Summary(
                "step",
                preset,
                images,
                c.globalSize(),
                c.stepImages(),
                precision.name().toLowerCase(Locale.ROOT),
                model.student().layout().length(),
                tokens,
                model.cost().flops() / c.stepImages());
    }

    @Override
    public void run() {
        model.forwardBackward(inputs, TEACHER_TEMPERATURE);
    }

    @Override
    public List<OpTime> profile() {
        return model.profile(inputs, TEACHER_TEMPERATURE);
    }

    @Override
    public long bytes() {
        return model.planBytes();
    }

    @Override
    public void close() {
        model.close();
    }
}
