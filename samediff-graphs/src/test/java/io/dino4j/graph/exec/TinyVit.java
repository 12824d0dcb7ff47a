package io.dino4j.graph.exec;

import io.dino4j.graph.Precision;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.Vit;
import io.dino4j.graph.vit.VitConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A small backbone for any number of images, with a scalar loss on its tokens. */
public final class TinyVit {
    /** Placeholder: images. */
    public static final String IMAGES = "images";

    /** Output: normalised tokens. */
    public static final String NORM = "norm_tokens";

    /** Output: the loss. */
    public static final String LOSS = "loss";

    /** Pixels on an image's side. */
    public static final int SIZE = 12;

    private final SameDiff sd = SameDiff.create();

    /** Builds the graph, with random parameters. */
    public TinyVit(VitConfig c, Precision precision) {
        DataType type = precision.parameters();
        SDVariable images = sd.placeHolder(IMAGES, type, -1, VitConfig.CHANNELS, SIZE, SIZE);
        Vit vit = new Vit(sd, c, "", precision);
        SDVariable rows =
                vit.norm(vit.forward(List.of(new Crops(images, -1, SIZE, SIZE))).prenorm());
        rows.rename(NORM);
        SDVariable weights = sd.constant("loss_weights", random(type, 1, c.embedDim()));
        SDVariable wide = precision.isMixed() ? rows.castTo(type) : rows;
        sd.sum(LOSS, sd.math().tanh(wide.mul(weights)));
        sd.setLossVariables(LOSS);
        randomize(sd);
    }

    /** Two blocks of two heads. */
    public static VitConfig config(Ffn ffn, int registers) {
        return new VitConfig(SIZE, 4, 16, 2, 2, 2, ffn, registers, 0.5, 0.1, false);
    }

    /** The graph. */
    public SameDiff graph() {
        return sd;
    }

    /** Random images as placeholders. */
    public static Map<String, INDArray> images(DataType type, int count) {
        return Map.of(IMAGES, random(type, count, VitConfig.CHANNELS, SIZE, SIZE));
    }

    /** Gives every variable of a graph random values. */
    public static void randomize(SameDiff sd) {
        for (SDVariable v : sd.variables()) {
            if (v.getVariableType() == VariableType.VARIABLE) {
                v.setArray(random(v.dataType(), v.getShape()).muli(0.3));
            }
        }
    }

    /** Normal values that depend on the shape only. */
    public static INDArray random(DataType type, long... shape) {
        Random random = new Random(Arrays.hashCode(shape));
        INDArray a = Nd4j.create(type, shape);
        for (int i = 0; i < a.length(); i++) {
            a.putScalar(i, random.nextGaussian());
        }
        return a;
    }

    /** Names of all variables. */
    public List<String> parameters() {
        return sd.variables().stream()
                .filter(v -> v.getVariableType() == VariableType.VARIABLE)
                .map(SDVariable::name)
                .toList();
    }
}
