package io.dino4j.zoo;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;

/** A backbone of two blocks with random weights, and pictures for it. */
public final class TinyModel {
    /** Width 16, patches of 4 pixels, 2 registers, trained on 12 x 12 pixels. */
    public static final VitConfig VIT = new VitConfig(12, 4, 16, 2, 2, 2, Ffn.MLP, 0, 0.5, 0.1, false).withRegisters(2);

    private TinyModel() {}

    /** The weights, the same at every call. */
    public static ParameterVector weights() {
        ParameterVector weights = ParameterVector.zeros(ParameterLayout.of(VIT.parameters()), DataType.FLOAT);
        Initialization.fill(weights, new Initialization.Spread(0.5, 0.3, 0.3, 0.3), 1);
        return weights;
    }

    /** The model on portable kernels, whose results do not depend on what else is in a batch. */
    public static Dinov2 create() {
        return Dinov2.of(VIT, weights().views(""), Dinov2.Options.defaults().on(Providers.PORTABLE.list()));
    }

    /** Smooth colours that depend on the seed. */
    public static Image picture(int width, int height, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] f = random.doubles(9, 0.02, 0.3).toArray();
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            int c = i % 3;
            int x = i / 3 % width;
            int y = i / 3 / width;
            rgb[i] = (byte) (127 + 120 * Math.sin(f[c] * x + f[3 + c] * y + 20 * f[6 + c]));
        }
        return new Image(width, height, rgb);
    }

    /** Writes a picture as PNG. */
    public static Path write(Path file, int width, int height, long seed) throws IOException {
        ImageEncoder.write(picture(width, height, seed), file);
        return file;
    }
}
