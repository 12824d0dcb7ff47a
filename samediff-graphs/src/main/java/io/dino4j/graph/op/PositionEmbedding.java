package io.dino4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * The position embedding of an image of {@code h x w} patches: bicubic interpolation of the trained grid
 * (official {@code interpolate_pos_encoding}).
 *
 * <p>Input: {@code [1, 1 + M M, D]}, the cls token's row first, then the trained grid row-major. Output: {@code [1 + h w, D]}; the
 * cls row is passed on. Attributes: {@code h}, {@code w}, antialias (0 or 1), offset. With an offset {@code o != 0} the
 * coordinates are mapped by {@code M / (h + o)} rather than {@code M / h}. When {@code h = w = M} the embedding is passed on.
 */
public final class PositionEmbedding extends GraphOp {
    /** For SameDiff. */
    public PositionEmbedding() {}

    /** Adds the op to {@code sd}. */
    public PositionEmbedding(SameDiff sd, SDVariable trained, int h, int w, boolean antialias, double offset) {
        super(sd, List.of(trained));
        addIArgument(h, w, antialias ? 1 : 0);
        addTArgument(offset);
    }

    /** Patches down and across, antialias, offset and trained side: all that the interpolation depends on. */
    public Resize resize(long trainedRows) {
        return Resize.of(this, trainedRows);
    }

    /**
     * How a grid is resized.
     *
     * @param side trained patches on a side, {@code M}
     * @param height patches down, {@code h}
     * @param width patches across, {@code w}
     * @param antialias widen the kernel when shrinking
     * @param offset added to height and width in the scale
     */
    public record Resize(int side, int height, int width, boolean antialias, double offset) {
        private static Resize of(GraphOp op, long trainedRows) {
            int side = (int) Math.round(Math.sqrt(trainedRows - 1));
            return new Resize(side, (int) op.attribute(0), (int) op.attribute(1), op.attribute(2) == 1, op.real(0));
        }

        /** True if the grid is passed on as it is. */
        public boolean isIdentity() {
            return height == side && width == side;
        }
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        long side = Math.round(Math.sqrt(in[0][1] - 1));
        check(in[0].length == 3 && side * side + 1 == in[0][1], "an embedding [1, 1 + M M, D]", in[0]);
        return new long[][] {{1 + attribute(0) * attribute(1), in[0][2]}};
    }

    @Override
    protected double flops(long[][] in, boolean[] computed) {
        return product(resize(in[0][1]), in[0]);
    }

    private static double product(Resize resize, long[] trained) {
        return resize.isIdentity() ? 0 : 2.0 * (1 + resize.height() * resize.width()) * trained[1] * trained[2];
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        return Arrays.asList(new Grad(sameDiff, List.of(arg(0), grads.get(0)), iArgs(), tArgs()).outputVariables());
    }

    /** Gradient. Inputs: the trained embedding (for its shape) and {@code dOut}; output its gradient. Attributes as forward. */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, long[] attributes, double[] reals) {
            super(sd, in);
            addIArgument(attributes);
            addTArgument(reals);
        }

        /** As forward. */
        public Resize resize(long trainedRows) {
            return Resize.of(this, trainedRows);
        }

        @Override
        protected double flops(long[][] in, boolean[] computed) {
            return product(resize(in[0][1]), in[0]);
        }

        @Override
        public boolean readsInput(int i) {
            return i > 0;
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return new long[][] {in[0]};
        }
    }
}
