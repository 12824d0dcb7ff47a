package io.dino4j.zoo;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.PlanOptions;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.TokenLayout;
import io.dino4j.graph.vit.Tokens;
import io.dino4j.graph.vit.Vit;
import io.dino4j.graph.vit.VitConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A backbone compiled for certain groups of images; tokens of one block or of several come out. */
final class FeaturePass implements AutoCloseable {
    private static final String IMAGES = "images";
    private static final String NORM = "norm";
    private static final String ROWS = "rows";

    /**
     * Images of one size.
     *
     * @param count how many
     * @param height pixels
     * @param width pixels
     */
    record Group(int count, int height, int width) {
        static Group of(INDArray images) {
            return new Group((int) images.size(0), (int) images.size(2), (int) images.size(3));
        }
    }

    /**
     * What is compiled.
     *
     * @param groups the images, which go through in one pass without padding
     * @param blocks whose tokens are read, ascending
     * @param norm whether they pass the final norm
     * @param clsOnly true if the last block of the network is read, and of it only cls tokens, which it is then evaluated for alone
     */
    record Shape(List<Group> groups, List<Integer> blocks, boolean norm, boolean clsOnly) {
        int layers() {
            return blocks.size();
        }
    }

    private final Plan plan;
    private final Shape shape;
    private final TokenLayout layout;
    private final int dim;
    private final List<ByteBuffer> tokens = new ArrayList<>(); // of each layer
    private final boolean half;

    private FeaturePass(Plan plan, Shape shape, TokenLayout layout, VitConfig config, boolean half) {
        this.plan = plan;
        this.shape = shape;
        this.layout = layout;
        this.dim = config.embedDim();
        this.half = half;
        for (int i = 0; i < shape.layers(); i++) {
            INDArray out = plan.output(NORM + i);
            long bytes = out.length() * out.dataType().width();
            tokens.add(new BytePointer(out.data().addressPointer())
                    .capacity(bytes)
                    .asByteBuffer()
                    .order(ByteOrder.nativeOrder()));
        }
        if (shape.clsOnly) {
            try (INDArray rows = Nd4j.createFromArray(clsRows())) {
                plan.input(ROWS).assign(rows);
            }
        }
    }

    static FeaturePass compile(
            Shape shape, VitConfig config, Precision precision, Bindings bindings, PlanOptions options) {
        SameDiff sd = BoundGraph.create();
        TokenLayout layout = build(sd, shape, config, precision);
        Plan plan = Plan.compile(sd, outputs(shape), Map.of(), bindings, options);
        return new FeaturePass(plan, shape, layout, config, precision.activations() == DataType.BFLOAT16);
    }

    /** The graph of {@link #compile}. */
    static TokenLayout build(SameDiff sd, Shape shape, VitConfig config, Precision precision) {
        List<Crops> crops = new ArrayList<>();
        for (Group g : shape.groups) {
            SDVariable x = sd.placeHolder(
                    IMAGES + crops.size(), DataType.FLOAT, g.count, VitConfig.CHANNELS, g.height, g.width);
            crops.add(new Crops(x, g.count, g.height, g.width));
        }
        Vit vit = new Vit(sd, config, "", precision);
        TokenLayout layout = vit.layout(crops);
        int images = shape.groups.stream().mapToInt(Group::count).sum();
        Tokens t = shape.clsOnly
                ? vit.forward(crops, 0, true, sd.placeHolder(ROWS, DataType.INT32, images))
                : vit.forward(crops);
        for (int i = 0; i < shape.layers(); i++) {
            int block = shape.blocks.get(i);
            SDVariable rows =
                    block == config.depth() - 1 ? t.prenorm() : t.blocks().get(block);
            (shape.norm ? vit.norm(rows) : sd.identity(rows)).rename(NORM + i); //                [T, D]
        }
        return layout;
    }

    static List<String> outputs(Shape shape) {
        List<String> outputs = new ArrayList<>();
        for (int i = 0; i < shape.layers(); i++) {
            outputs.add(NORM + i);
        }
        return outputs;
    }

    private int[] clsRows() {
        List<Integer> rows = new ArrayList<>();
        for (int g = 0; g < shape.groups.size(); g++) {
            for (int i = 0; i < shape.groups.get(g).count; i++) {
                rows.add(layout.clsRow(g, i));
            }
        }
        return rows.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Runs it on {@code [B_g, 3, H_g, W_g]} for every group. */
    void run(List<INDArray> images) {
        for (int g = 0; g < images.size(); g++) {
            plan.input(IMAGES + g).assign(images.get(g));
        }
        plan.run();
    }

    /**
     * Copies the cls token of an image.
     *
     * @param layer from 0, the earliest, to layers - 1
     * @param number of the image among all of the pass
     * @param out {@code D} numbers from {@code at} on are written
     */
    void cls(int layer, int group, int image, int number, float[] out, int at) {
        boolean picked = shape.clsOnly && layer == shape.layers() - 1;
        read(layer, picked ? number : layout.clsRow(group, image), out, at);
    }

    /** Copies a patch token, patches counted row by row. */
    void patch(int layer, int group, int image, int patch, float[] out, int at) {
        read(layer, layout.patchRow(group, image, patch), out, at);
    }

    private void read(int layer, int row, float[] out, int at) {
        ByteBuffer from = tokens.get(layer);
        if (half) {
            for (int i = 0; i < dim; i++) { // BFLOAT16 is the upper half of FLOAT
                out[at + i] = Float.intBitsToFloat(from.getShort(Short.BYTES * (row * dim + i)) << Short.SIZE);
            }
        } else {
            from.asFloatBuffer().get(row * dim, out, at, dim);
        }
    }

    long bytes() {
        return plan.bytes();
    }

    @Override
    public void close() {
        plan.close();
    }
}
