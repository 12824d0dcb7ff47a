package io.dino4j.zoo.model;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.PlanOptions;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.Vit;
import io.dino4j.graph.vit.VitConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A backbone compiled for one size of batch: tokens of images and, for training, gradients of what is asked for. */
final class BackbonePass implements AutoCloseable {
    private static final String IMAGES = "images";
    private static final String ROWS = "rows";
    private static final String TOKENS = "tokens";
    private static final String UPSTREAM = "upstream";

    private final Plan plan;
    private final Map<String, String> gradientNames;

    /**
     * What is compiled.
     *
     * @param vit the backbone
     * @param precision number formats
     * @param images {@code [B, 3, H, W]}
     * @param clsOnly true if only the cls tokens are read: the last block then works on them alone
     */
    record Shape(VitConfig vit, Precision precision, List<Long> images, boolean clsOnly) {
        int count() {
            return images.get(0).intValue();
        }

        int height() {
            return images.get(2).intValue();
        }

        int width() {
            return images.get(3).intValue();
        }

        /** Tokens of an image. */
        int tokens() {
            return vit.numTokens(height(), width());
        }
    }

    private BackbonePass(Plan plan, Map<String, String> gradientNames, Shape shape) {
        this.plan = plan;
        this.gradientNames = gradientNames;
        if (shape.clsOnly) {
            int[] rows = new int[shape.count()];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = i * shape.tokens();
            }
            try (INDArray values = Nd4j.createFromArray(rows)) {
                plan.input(ROWS).assign(values);
            }
        }
    }

    /** The forward pass alone. */
    static BackbonePass inference(Shape shape, Map<String, INDArray> weights, PlanOptions options) {
        return compile(shape, weights, List.of(), Map.of(), options);
    }

    /**
     * Forward and backward.
     *
     * @param trained parameters whose gradients are wanted; those of the images are worked out too
     * @param targets where gradients are written, by parameter; the others are in memory of the plan
     */
    static BackbonePass training(
            Shape shape,
            Map<String, INDArray> weights,
            List<String> trained,
            Map<String, INDArray> targets,
            PlanOptions options) {
        List<String> wanted = new ArrayList<>(trained);
        wanted.add(IMAGES);
        return compile(shape, weights, wanted, targets, options);
    }

    private static BackbonePass compile(
            Shape shape,
            Map<String, INDArray> weights,
            List<String> wanted,
            Map<String, INDArray> targets,
            PlanOptions options) {
        GraphOps.register();
        SameDiff sd = BoundGraph.create();
        SDVariable tokens = tokens(sd, shape);
        List<String> outputs = new ArrayList<>(List.of(TOKENS));
        Map<String, String> names = new LinkedHashMap<>();
        Map<String, INDArray> bound = new HashMap<>();
        SameDiff graph = sd;
        if (!wanted.isEmpty()) {
            DataType type = shape.precision.parameters();
            SDVariable wide = shape.precision.isMixed() ? tokens.castTo(type) : tokens;
            SDVariable upstream = sd.placeHolder(UPSTREAM, type, rows(shape), shape.vit.embedDim());
            sd.sum("loss", wide.mul(upstream)); // whose gradient at the tokens is the upstream one
            sd.setLossVariables("loss");
            graph = Gradients.graph(sd, wanted);
            wanted.forEach(w -> names.put(w, Gradients.nameOf(sd, w)));
            outputs.addAll(names.values());
            targets.forEach((parameter, array) -> bound.put(names.get(parameter), array));
        }
        Plan plan = Plan.compile(graph, outputs, Map.of(), new Bindings(weights, bound), options);
        return new BackbonePass(plan, names, shape);
    }

    private static SDVariable tokens(SameDiff sd, Shape s) {
        SDVariable images =
                sd.placeHolder(IMAGES, s.precision.parameters(), s.count(), VitConfig.CHANNELS, s.height(), s.width());
        Vit vit = new Vit(sd, s.vit, "", s.precision);
        List<Crops> crops = List.of(new Crops(images, s.count(), s.height(), s.width()));
        SDVariable prenorm = s.clsOnly
                ? vit.forward(crops, 0, true, sd.placeHolder(ROWS, DataType.INT32, s.count()))
                        .prenorm()
                : vit.forward(crops).prenorm();
        return vit.norm(prenorm).rename(TOKENS);
    }

    private static long rows(Shape shape) {
        return shape.clsOnly ? shape.count() : (long) shape.count() * shape.tokens();
    }

    /**
     * The tokens of images.
     *
     * @param images {@code [B, 3, H, W]}
     * @return {@code [B, D]} or {@code [B N, D]} in the type of activations, in memory of the plan
     */
    INDArray forward(INDArray images) {
        plan.input(IMAGES).assign(images);
        if (gradientNames.isEmpty()) {
            plan.run();
        } else {
            plan.runUntil(UPSTREAM);
        }
        return plan.output(TOKENS);
    }

    /** The gradient with respect to the tokens, to be written before {@link #backward}: {@code [B, D]} or {@code [B N, D]}. */
    INDArray upstream() {
        return plan.input(UPSTREAM);
    }

    /** The backward half, after {@link #forward}. */
    void backward() {
        plan.runFrom(UPSTREAM);
    }

    /** The gradient of a parameter after {@link #backward}. */
    INDArray gradient(String parameter) {
        return plan.output(gradientNames.get(parameter));
    }

    /** The gradient of the images after {@link #backward}, {@code [B, 3, H, W]}. */
    INDArray imageGradient() {
        return gradient(IMAGES);
    }

    @Override
    public void close() {
        plan.close();
    }
}
