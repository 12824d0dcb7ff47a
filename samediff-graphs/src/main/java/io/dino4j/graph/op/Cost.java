package io.dino4j.graph.op;

/**
 * What an op cannot do without, whoever computes it.
 *
 * @param flops floating-point operations of its matrix products, additions and multiplications counted apart; 0 for an op that only
 *     moves memory and works on single elements. What a kernel computes a second time to save memory does not count
 * @param bytes moved between memory and processor at least: every input read once, every output written once
 */
public record Cost(double flops, double bytes) {
    /** Nothing. */
    public static final Cost NONE = new Cost(0, 0);

    /** One after the other. */
    public Cost plus(Cost other) {
        return new Cost(flops + other.flops, bytes + other.bytes);
    }

    /** The same again and again. */
    public Cost times(int runs) {
        return new Cost(runs * flops, runs * bytes);
    }

    /**
     * Seconds of a kernel that only its roof holds back: the longer of the time of its matrix products and that of its memory.
     *
     * @param flopsPerSecond of the machine's fastest matrix product
     * @param bytesPerSecond of the machine's memory
     */
    public double leastSeconds(double flopsPerSecond, double bytesPerSecond) {
        return Math.max(flops / flopsPerSecond, bytes / bytesPerSecond);
    }
}
