package io.dino4j.train.scaling;

/**
 * Bytes of all messages of a step, by formula; those of packets come on top ({@link Machine#packetOverhead}). A worker sends
 *
 * <pre>
 * U = g P + Σ 8 nᵣ + h(U)
 * </pre>
 *
 * and receives
 *
 * <pre>
 * D = 4 P + Σ 8 nᵣ + 8 ⌈P / 4096⌉ + h(D)
 * </pre>
 *
 * {@code P} parameters; {@code g} bytes of a gradient, 4 as it is, 2 in bf16, with a threshold 4 for each that is sent; {@code nᵣ} values of
 * the sum {@code r} over ranks: for cls tokens and for patches once the number of samples, once the largest logit, and three times a number
 * for each of the K prototypes, then the losses; the squares of each block of 4096 gradients; and the headers {@code h} of messages of
 * 16,000 gradients, of as many parameters (more from a server that has over 16 million), of each sum, and of each server. A server has {@code W U / S} to receive and {@code W D / S} to
 * send, on average: sums are dealt to servers by their numbers.
 *
 * @param workerSends U
 * @param workerReceives D
 * @param serverReceives mean over servers
 * @param serverSends mean over servers
 */
public record Traffic(double workerSends, double workerReceives, double serverReceives, double serverSends) {
    /** Loss terms and their sum. */
    static final int LOSSES = 5;

    /** The traffic of a step. */
    public static Traffic of(Workload work, Cluster c) {
        long p = work.parameters();
        double sums = 8.0
                * (LOSSES
                        + work.targetSums().stream().mapToInt(Integer::intValue).sum());
        double pulls = (double) c.servers() * MessageSizes.pulls(p / c.servers(), p / c.servers());
        int requests = work.targetSums().size() + 1;
        double up = c.gradientBytes() * p
                + MessageSizes.pushes(p) * (double) MessageSizes.PUSH
                + sums
                + (double) requests * MessageSizes.REDUCE
                + pulls * MessageSizes.PULL
                + c.servers() * (double) (MessageSizes.NORMS + MessageSizes.COMMIT);
        double down = 4.0 * p
                + pulls * MessageSizes.FLOATS
                + sums
                + (double) requests * MessageSizes.REDUCED
                + 8.0 * MessageSizes.blocks(p)
                + c.servers() * (double) (MessageSizes.SQUARES + MessageSizes.COMMITTED);
        double perServer = (double) c.workers() / c.servers();
        return new Traffic(up, down, perServer * up, perServer * down);
    }
}
