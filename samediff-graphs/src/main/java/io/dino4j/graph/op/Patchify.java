package io.dino4j.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Cuts images into patches: the gather of a convolution with kernel and stride {@code p}.
 *
 * <p>Inputs: one or more image batches {@code [B_g, C, H_g, W_g]}, {@code H_g} and {@code W_g} multiples of {@code p}. Output:
 * {@code [sum B_g H_g W_g / p^2, C p p]}: batch after batch, image after image, patches row-major; within a row channel, then
 * row, then column, the order of a flattened convolution weight. Attributes: {@code p}; 1 if FLOAT images become BFLOAT16 patches,
 * with which a network in that precision begins.
 */
public final class Patchify extends GraphOp {
    /** For SameDiff. */
    public Patchify() {}

    /** Adds the op to {@code sd}; patches have the type of the images. */
    public Patchify(SameDiff sd, List<SDVariable> images, int patchSize) {
        this(sd, images, patchSize, false);
    }

    /**
     * Adds the op to {@code sd}.
     *
     * @param narrow FLOAT images become BFLOAT16 patches
     */
    public Patchify(SameDiff sd, List<SDVariable> images, int patchSize, boolean narrow) {
        super(sd, images);
        addIArgument(patchSize, narrow ? 1 : 0);
    }

    @Override
    public DataType outputType(int i, List<DataType> in) {
        boolean narrow = numIArguments() > 1 && attribute(1) == 1;
        return narrow && in.get(0) == DataType.FLOAT ? DataType.BFLOAT16 : in.get(0);
    }

    /** Pixels on a patch's side. */
    public int patchSize() {
        return (int) attribute(0);
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        long p = patchSize();
        long rows = 0;
        for (long[] s : in) {
            check(s.length == 4 && s[2] % p == 0 && s[3] % p == 0, "images [B, C, H, W] in whole patches of " + p, s);
            rows += s[0] * (s[2] / p) * (s[3] / p);
        }
        return new long[][] {{rows, in[0][1] * p * p}};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        List<SDVariable> in = new ArrayList<>(Arrays.asList(args()));
        in.add(grads.get(0));
        return Arrays.asList(new Grad(sameDiff, in, patchSize()).outputVariables());
    }

    /** Gradient: inputs the image batches and {@code dOut}; outputs the gradient of each batch. */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, int patchSize) {
            super(sd, in);
            addIArgument(patchSize);
        }

        /** Pixels on a patch's side. */
        public int patchSize() {
            return (int) attribute(0);
        }

        @Override
        public boolean readsInput(int i) {
            return i == args().length - 1;
        }

        @Override
        public int getNumOutputs() {
            return args().length - 1;
        }

        @Override
        public DataType outputType(int i, List<DataType> in) {
            return in.get(i);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return Arrays.copyOf(in, in.length - 1);
        }
    }
}
