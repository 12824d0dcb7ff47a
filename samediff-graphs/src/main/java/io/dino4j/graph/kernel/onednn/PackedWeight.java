package io.dino4j.graph.kernel.onednn;

/** The second operand of several products over almost equally many rows: it is packed for the first of them. */
final class PackedWeight {
    private final Primitives does;
    private final Tensor weight;
    private Tensor packed;

    PackedWeight(Primitives does, Tensor weight) {
        this.does = does;
        this.weight = weight;
    }

    /** Adds {@code c = a weight + bias}, bias broadcast from {@code [1, n]}; null for none. */
    void multiply(Tensor a, Tensor bias, Tensor c, PostOps postOps) {
        if (packed == null) {
            packed = does.packed(a, weight, bias, c, postOps);
        }
        does.matmul(a, packed, bias, c, postOps);
    }
}
