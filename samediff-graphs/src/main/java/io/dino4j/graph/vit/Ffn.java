package io.dino4j.graph.vit;

/** The feed-forward half of a transformer block. */
public enum Ffn {
    /** Linear, GELU, linear; hidden width {@code ratio * D}. */
    MLP {
        @Override
        public int hidden(int dim, double ratio) {
            return (int) (dim * ratio);
        }
    },
    /** {@code W3(silu(a) * b)}, {@code [a | b] = W12 x}; hidden width two thirds of the MLP's, rounded up to a multiple of 8. */
    SWIGLU {
        @Override
        public int hidden(int dim, double ratio) {
            return ((int) ((int) (dim * ratio) * 2 / 3.0) + 7) / 8 * 8;
        }
    };

    /** Width of the hidden layer for tokens of width {@code dim}. */
    public abstract int hidden(int dim, double ratio);
}
