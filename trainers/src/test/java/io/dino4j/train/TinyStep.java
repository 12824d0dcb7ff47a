package io.dino4j.train;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.ssl.Network;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.DropPath;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Models and inputs of single steps: 9 patches in a global crop, 4 in a local one, micro-batches of 2 images. */
final class TinyStep {
    static final int BATCH = 2;
    static final double TEMPERATURE = 0.07;

    private static final int PATCH = 8;
    private static final int GLOBAL = 24;
    private static final int LOCAL = 16;
    private static final int PATCHES = 9;

    /** What is tried. */
    record Variant(
            SslConfig.Targets targets,
            boolean separateHeads,
            int localCrops,
            double dropRate,
            double koLeo,
            boolean distills) {
        /** A step of {@code images} images in a number of micro-batches. */
        SslConfig config(int images, int microBatches) {
            int batch = images / microBatches;
            return new SslConfig(
                    network(32, 2, Ffn.MLP, 0, separateHeads),
                    distills ? Optional.of(network(48, 3, Ffn.SWIGLU, 2, true)) : Optional.empty(),
                    batch,
                    microBatches,
                    GLOBAL,
                    LOCAL,
                    localCrops,
                    distills ? 0 : maxMasked(batch),
                    targets,
                    0.1,
                    1,
                    koLeo,
                    1.5,
                    dropRate,
                    true);
        }
    }

    private TinyStep() {}

    static Network network(int width, int depth, Ffn ffn, int registers, boolean separateHeads) {
        VitConfig vit = new VitConfig(GLOBAL, PATCH, width, depth, 2, 2, ffn, registers, 0.5, 0.1, false);
        HeadConfig dino = new HeadConfig(width, 20, 24, 12, 3);
        HeadConfig ibot = new HeadConfig(width, separateHeads ? 14 : 20, 24, 12, 2);
        return new Network(vit, dino, separateHeads ? Optional.of(ibot) : Optional.empty());
    }

    /** Half of the patches, rounded up, and one to spare. */
    static int maxMasked(int batch) {
        return 2 * batch * PATCHES / 2 + 1;
    }

    /** A model with random weights; student and teacher differ. */
    static SslModel model(SslConfig config, DataType type, Providers providers) {
        return model(config, Precision.of(type), providers);
    }

    /** A model with random weights; student and teacher differ. */
    static SslModel model(SslConfig config, Precision precision, Providers providers) {
        GraphOps.register();
        SslModel model = new SslModel(config, precision, providers.list(), Collective.ALONE);
        Initialization.Spread spread = new Initialization.Spread(0.5, 0.1, 0.1, 0.1);
        Initialization.fill(model.student(), spread, 1);
        Initialization.fill(model.average(), spread, 2);
        if (config.distills()) {
            Initialization.fill(model.teacher(), spread, 3);
        }
        return model;
    }

    /** Micro-batches, and one batch of the same crops, masks and kept images. */
    record Drawn(List<StepInputs> micro, StepInputs whole) {}

    /** Draws a step for a model with micro-batches; {@code whole} fits a model of the same images in one batch. */
    static Drawn draw(SslModel model, SslModel wholeModel, long seed) {
        SslConfig c = model.config();
        int k = c.microBatches();
        int images = c.stepImages();
        DataType type = model.student().vector().dataType();
        SplittableRandom random = new SplittableRandom(seed);
        INDArray globals = crops(type, random, 2 * images, GLOBAL);
        INDArray locals = crops(type, random, Math.max(1, c.localCrops()) * images, LOCAL);
        INDArray masks = Nd4j.zeros(type, 2 * images, PATCHES);
        for (int crop = 0; crop < 2 * images && !c.distills(); crop++) {
            boolean none = crop % images < BATCH && crop >= images || random.nextInt(3) == 0;
            int masked = none ? 0 : 1 + random.nextInt(2);
            for (int m = 0; m < masked; m++) {
                masks.putScalar(crop, (crop + m) % PATCHES, 1);
            }
        }
        Map<String, List<List<int[]>>> kept = new HashMap<>(); // branch, micro-batch, group
        for (DropPath.Branch b : model.dropPath().branches()) {
            List<List<int[]>> all = new ArrayList<>();
            for (int i = 0; i < k; i++) {
                List<int[]> groups = new ArrayList<>();
                for (int g = 0; g < b.kept().length; g++) {
                    groups.add(choose(b.kept()[g], b.groups().get(g).count(), random));
                }
                all.add(groups);
            }
            kept.put(b.placeholder(), all);
        }
        List<StepInputs> micro = new ArrayList<>();
        for (int i = 0; i < k; i++) {
            int number = i;
            Map<String, int[]> drop = new HashMap<>();
            model.dropPath()
                    .branches()
                    .forEach(b -> drop.put(
                            b.placeholder(), b.rows(kept.get(b.placeholder()).get(number))));
            micro.add(inputs(
                    c,
                    rows(globals, 2, images, c.batch(), i),
                    rows(locals, Math.max(1, c.localCrops()), images, c.batch(), i),
                    rows(masks, 2, images, c.batch(), i),
                    drop));
        }
        Map<String, int[]> drop = new HashMap<>();
        for (DropPath.Branch b : wholeModel.dropPath().branches()) {
            List<int[]> groups = new ArrayList<>();
            for (int g = 0; g < b.kept().length; g++) {
                int group = g;
                groups.add(IntStream.range(0, k)
                        .boxed()
                        .flatMapToInt(i -> IntStream.of(
                                        kept.get(b.placeholder()).get(i).get(group))
                                .map(row -> row / c.batch() * images + i * c.batch() + row % c.batch()))
                        .toArray());
            }
            drop.put(b.placeholder(), b.rows(groups));
        }
        return new Drawn(micro, inputs(wholeModel.config(), globals, locals, masks, drop));
    }

    private static INDArray crops(DataType type, SplittableRandom random, int images, int size) {
        INDArray a = Nd4j.create(type, images, 3, size, size);
        double[] values = random.doubles(a.length(), -1, 1).toArray();
        return a.assign(Nd4j.createFromArray(values).reshape(a.shape()));
    }

    private static int[] choose(int k, int n, SplittableRandom random) {
        List<Integer> left = new ArrayList<>(IntStream.range(0, n).boxed().toList());
        return IntStream.range(0, k)
                .map(i -> left.remove(random.nextInt(left.size())))
                .toArray();
    }

    /** The rows of one micro-batch out of crops that lie one after the other. */
    private static INDArray rows(INDArray all, int crops, int images, int batch, int number) {
        List<INDArray> parts = new ArrayList<>();
        for (int crop = 0; crop < crops; crop++) {
            for (int i = 0; i < batch; i++) {
                long[] shape = all.shape().clone();
                shape[0] = 1;
                parts.add(all.slice(crop * images + number * batch + i).dup('c').reshape(shape));
            }
        }
        return Nd4j.concat(0, parts.toArray(INDArray[]::new));
    }

    private static StepInputs inputs(
            SslConfig c, INDArray globals, INDArray locals, INDArray masks, Map<String, int[]> drop) {
        INDArray weights = Nd4j.zeros(globals.dataType(), Math.max(1, c.maxMasked()));
        List<Integer> indices = new ArrayList<>();
        for (int crop = 0; crop < masks.size(0); crop++) {
            double inCrop = masks.getRow(crop).sumNumber().doubleValue();
            for (int p = 0; p < PATCHES; p++) {
                if (masks.getDouble(crop, p) != 0) {
                    weights.putScalar(indices.size(), 1 / inCrop);
                    indices.add(crop * PATCHES + p);
                }
            }
        }
        return new StepInputs(
                globals,
                c.localCrops() > 0 ? Optional.of(locals) : Optional.empty(),
                masks,
                indices.stream().mapToInt(Integer::intValue).toArray(),
                weights,
                indices.size(),
                drop);
    }
}
