package io.dino4j.train.optim;

import io.dino4j.graph.param.ParameterVector;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Gradient clipping, each sub-network on its own: gradients are scaled by {@code min(1, maxNorm / (norm + 1e-6))}
 * (torch.nn.utils.clip_grad_norm_, called per sub-network by upstream's step). Only measures; {@link AdamW} applies the
 * factors while it reads the gradients, so that they are read twice and never written.
 */
public final class GradientClip {
    /**
     * Norms of one step's gradients and what they are multiplied with.
     *
     * @param subNetworks names
     * @param norms Euclidean norm of each, before clipping; not finite if a gradient is not
     * @param factors factor of each, 0 to 1
     */
    public record Clipping(List<String> subNetworks, double[] norms, double[] factors) {
        /** The norm of a sub-network before clipping. */
        public double norm(String subNetwork) {
            int i = subNetworks.indexOf(subNetwork);
            if (i < 0) {
                throw new IllegalArgumentException(
                        "no sub-network is named '%s'; there are %s".formatted(subNetwork, subNetworks));
            }
            return norms[i];
        }

        /** True if every norm is finite, and so every gradient. */
        public boolean finite() {
            for (double n : norms) {
                if (!Double.isFinite(n)) {
                    return false;
                }
            }
            return true;
        }
    }

    private final ParameterGroups groups;
    private final double maxNorm;
    private final Workers workers;
    private final Blocks blocks;
    private final double[] sums;
    private final float[][][] buffers;
    private final PointerCache pointers;

    /**
     * Clipping for a layout.
     *
     * @param groups the layout and its sub-networks
     * @param maxNorm largest norm; 0 for no clipping
     * @param workers who sums
     */
    public GradientClip(ParameterGroups groups, double maxNorm, Workers workers) {
        if (!(maxNorm >= 0)) {
            throw new IllegalArgumentException("maxNorm must be 0 or more, got " + maxNorm);
        }
        this.groups = groups;
        this.maxNorm = maxNorm;
        this.workers = workers;
        this.blocks = new Blocks(groups.ranges());
        this.sums = new double[blocks.count()];
        this.buffers = Blocks.buffers(workers.threads(), 1);
        this.pointers = new PointerCache(workers.threads());
    }

    /**
     * Norms and factors. Squares are summed in double, block by block and then in order of the blocks.
     *
     * @param gradients FLOAT, in the layout of the groups
     */
    public Clipping measure(ParameterVector gradients) {
        sumSquares(gradients);
        return clipping(sums);
    }

    private void sumSquares(ParameterVector gradients) {
        HostCopy.read(gradients);
        FloatPointer[] source = pointers.of(gradients);
        workers.run(blocks.count(), (worker, block) -> sums[block] = sumOfSquares(source[worker], worker, block));
    }

    /**
     * The sum of squares of each block, as {@link #measure} adds them up.
     *
     * @param gradients FLOAT, in the layout of the groups, which may be those of a {@link ParameterGroups#part part}
     * @return one number for each block, in order
     */
    public double[] blockSquares(ParameterVector gradients) {
        sumSquares(gradients);
        return sums.clone();
    }

    /**
     * Norms and factors from the sums of squares of all blocks: those of all parts one after another are those of the whole, to the bit.
     *
     * @param squares one number for each block, in order
     * @throws IllegalArgumentException if there are more or fewer
     */
    public Clipping clipping(double[] squares) {
        if (squares.length != sums.length) {
            throw new IllegalArgumentException(
                    "expected the squares of %d blocks, got %d".formatted(sums.length, squares.length));
        }
        double[] total = new double[groups.subNetworks().size()];
        for (int b = 0; b < squares.length; b++) {
            total[groups.ranges().get(blocks.range(b)).subNetwork()] += squares[b];
        }
        double[] norms = new double[total.length];
        double[] factors = new double[total.length];
        for (int s = 0; s < norms.length; s++) {
            norms[s] = Math.sqrt(total[s]);
            factors[s] = maxNorm == 0 ? 1 : Math.min(1, maxNorm / (norms[s] + 1e-6));
        }
        return new Clipping(groups.subNetworks(), norms, factors);
    }

    private double sumOfSquares(FloatPointer source, int worker, int block) {
        float[] g = buffers[worker][0];
        int n = blocks.length(block);
        source.position(blocks.from(block)).get(g, 0, n);
        double a = 0; // four sums at once: one would wait for itself at every addition
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 4 <= n; i += 4) {
            a += (double) g[i] * g[i];
            b += (double) g[i + 1] * g[i + 1];
            c += (double) g[i + 2] * g[i + 2];
            d += (double) g[i + 3] * g[i + 3];
        }
        for (; i < n; i++) {
            a += (double) g[i] * g[i];
        }
        return (a + b) + (c + d);
    }
}
