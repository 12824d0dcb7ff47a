package io.dino4j.train.scaling;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.train.Recipe;
import io.dino4j.train.RunEstimate;
import io.dino4j.train.RunEstimator;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one worker has to do in a step.
 *
 * @param name of the network
 * @param layers the parameters in the order of the vector; backward passes go through them from the last to the first
 * @param teacherShare share of the compute time that comes before the sums of Sinkhorn-Knopp
 * @param targetSums doubles in each of these sums, one request after the other
 * @param flopsPerImage floating-point operations of a step for each image
 * @param images of one worker in a step
 * @param workerBytes memory of a worker
 */
public record Workload(
        String name,
        List<Layer> layers,
        double teacherShare,
        List<Integer> targetSums,
        double flopsPerImage,
        int images,
        double workerBytes) {
    /** Iterations of Sinkhorn-Knopp (official {@code dino_clstoken_loss.py}). */
    private static final int ITERATIONS = 3;

    private static final Pattern LAYER = Pattern.compile("backbone\\.blocks\\.\\d+|[a-z]+_head|backbone");

    /**
     * Parameters whose gradients are ready at once.
     *
     * @param name such as {@code backbone.blocks.3}
     * @param parameters how many
     * @param work its part of the backward pass; only ratios count
     */
    public record Layer(String name, long parameters, double work) {}

    /** Keeps the lists. */
    public Workload {
        layers = List.copyOf(layers);
        targetSums = List.copyOf(targetSums);
    }

    /**
     * A worker's part of a run: sizes from the layout of the parameters, operations and memory from the graphs. That of a layer in the
     * backward pass is estimated as its parameters times the rows that go through it.
     *
     * @param name for people
     * @param config of which one rank is taken
     */
    public static Workload of(String name, RunConfig config) {
        SslConfig step = Recipe.step(config);
        Size size = Size.of(config);
        List<Layer> layers = layers(step);
        double student = layers.stream().mapToDouble(Layer::work).sum();
        double tokens = tokens(step.globalRows(), step.globalSize(), step);
        double teacher = 0;
        for (Layer layer : layers) {
            double local = layer.name().equals("dino_head") ? (double) step.globalRows() / clsRows(step) : 1;
            teacher += layer.work() * (layer.name().endsWith("_head") ? local : tokens / tokens(step));
        }
        List<Integer> sums = new ArrayList<>();
        addSums(sums, step.teacher().dinoHead().prototypes());
        addSums(sums, step.teacher().patchHead().prototypes());
        int images = step.stepImages();
        return new Workload(
                name,
                layers,
                teacher / (teacher + 3 * student), // a backward pass is two forward ones
                sums,
                size.flops / images,
                images,
                size.bytes);
    }

    /** Operations and memory of a worker, who has no moments. Blocks are all alike: those of one and of two tell what more of them take. */
    private record Size(double flops, double bytes) {
        static Size of(RunConfig config) {
            int depth = config.student().shape().depth();
            Size one = ofGraphs(config, 1);
            Size two = ofGraphs(config, 2);
            return new Size(
                    one.flops + (depth - 1) * (two.flops - one.flops),
                    one.bytes + (depth - 1) * (two.bytes - one.bytes));
        }

        private static Size ofGraphs(RunConfig config, int depth) {
            RunConfig shallow = ConfigLayers.of(config)
                    .overrides(List.of("student.depth=" + depth))
                    .resolve();
            RunEstimate.Phase estimate = RunEstimator.ofGraphs(shallow);
            double moments = estimate.memory().bytes().get(RunEstimator.MOMENTS);
            return new Size(estimate.flopsPerStep(), estimate.memory().total() - moments);
        }
    }

    private static List<Layer> layers(SslConfig step) {
        List<Layer> layers = new ArrayList<>();
        for (ParameterLayout.Entry e : step.student().layout().entries()) {
            Matcher m = LAYER.matcher(e.name());
            String name = m.lookingAt() ? m.group() : e.name();
            Layer entry = new Layer(name, e.length(), e.length() * rows(name, step));
            Layer last = layers.isEmpty() ? new Layer("", 0, 0) : layers.get(layers.size() - 1);
            if (last.name().equals(name)) {
                layers.set(
                        layers.size() - 1,
                        new Layer(name, last.parameters() + entry.parameters(), last.work() + entry.work()));
            } else {
                layers.add(entry);
            }
        }
        return layers;
    }

    private static double rows(String layer, SslConfig step) {
        return switch (layer) {
            case "dino_head" -> clsRows(step) + (step.student().ibotHead().isPresent() ? 0 : step.patchRows());
            case "ibot_head" -> step.patchRows();
            default -> tokens(step);
        };
    }

    private static double clsRows(SslConfig step) {
        return step.globalRows() + step.localRows();
    }

    private static double tokens(SslConfig step) {
        return tokens(step.globalRows(), step.globalSize(), step) + tokens(step.localRows(), step.localSize(), step);
    }

    private static double tokens(int crops, int size, SslConfig step) {
        int side = size / step.student().backbone().patchSize();
        return crops * (1.0 + side * side);
    }

    /** Number of samples, largest logit, and in each iteration a sum for each prototype (kernel Balance). */
    private static void addSums(List<Integer> sums, int prototypes) {
        Collections.addAll(sums, 1, 1);
        for (int i = 0; i < ITERATIONS; i++) {
            for (int at = 0; at < prototypes; at += Limits.DOUBLES) {
                sums.add(Math.min(Limits.DOUBLES, prototypes - at));
            }
        }
    }

    /** {@code P}, all parameters. */
    public long parameters() {
        return layers.stream().mapToLong(Layer::parameters).sum();
    }

    /** The same with another number of images for each worker. */
    public Workload withImages(int count) {
        return new Workload(name, layers, teacherShare, targetSums, flopsPerImage, count, workerBytes);
    }
}
