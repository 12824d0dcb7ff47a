package io.dino4j.train.scaling;

/**
 * What machines and the network between them can do. A worker computes with all of its cores; whether sending costs it a part of them is
 * {@code sharedCore}. A server does everything on one core.
 *
 * @param flopsPerSecond of the matrix products of a step, as a worker really reaches them
 * @param computeSpread standard deviation of the logarithm of a worker's compute time, drawn anew for each step; 0 if all are equal
 * @param sharedCore true if a worker packs and sends on the core that computes, false if on another one
 * @param networkBytesPerSecond of a card, in each direction
 * @param latencySeconds from card to card
 * @param packetOverhead bytes on the network for each byte of a message, at least 1
 * @param workerBytesPerSecond of messages that a worker packs, seals and sends, or receives, opens and unpacks
 * @param serverBytesPerSecond of messages that a server receives and opens, or seals and sends
 * @param sumBytesPerSecond of gradients in 32 bits that a server adds up or puts aside
 * @param updatesPerSecond parameters that a server updates: AdamW with the moving average
 * @param averagesPerSecond parameters whose moving average a worker makes for itself
 * @param messageSeconds of a message and its answer at a server, whatever their size: comes on top of its bytes
 */
public record Machine(
        double flopsPerSecond,
        double computeSpread,
        boolean sharedCore,
        double networkBytesPerSecond,
        double latencySeconds,
        double packetOverhead,
        double workerBytesPerSecond,
        double serverBytesPerSecond,
        double sumBytesPerSecond,
        double updatesPerSecond,
        double averagesPerSecond,
        double messageSeconds) {
    private static final double GIGABIT = 1e9 / 8;

    /**
     * One core for a worker and one for a server, on a network of 10 Gbit/s. The rates are medians of four times {@code benchmark scaling
     * --measure} (package {@code measure} says how) on a machine of two cores, AMD EPYC of family 26 with AVX-512, with other programs running
     * on it: 0.23 to 0.29 GB/s of messages at a worker, 0.21 to 0.28 at a server, 4.2 to 6.2 GB/s of sums, 0.44 to 0.57 billion updates, 1.4 to
     * 1.8 billion averages, 8 to 17 µs a message; 113 GFLOP/s with 131,072 prototypes, 139 with 65,536, 147 with 4,096. Spread and latency are assumed; packets are those of {@code wire} between
     * machines: 1340 of 1474 bytes are a message's.
     */
    public static final Machine MEASURED =
            new Machine(140e9, 0.03, true, 10 * GIGABIT, 50e-6, 1.1, 0.25e9, 0.24e9, 4.5e9, 0.53e9, 1.6e9, 16e-6);

    /** Nothing takes time but what is set afterwards. */
    static final Machine INFINITE = new Machine(
            Double.POSITIVE_INFINITY,
            0,
            false,
            Double.POSITIVE_INFINITY,
            0,
            1,
            Double.POSITIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            0);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming the first number that is not one
     */
    public Machine {
        requireRate("flopsPerSecond", flopsPerSecond);
        requireTime("computeSpread", computeSpread);
        requireRate("networkBytesPerSecond", networkBytesPerSecond);
        requireTime("latencySeconds", latencySeconds);
        if (!(packetOverhead >= 1) || Double.isInfinite(packetOverhead)) {
            throw new IllegalArgumentException("packetOverhead must be 1 or more, got " + packetOverhead);
        }
        requireRate("workerBytesPerSecond", workerBytesPerSecond);
        requireRate("serverBytesPerSecond", serverBytesPerSecond);
        requireRate("sumBytesPerSecond", sumBytesPerSecond);
        requireRate("updatesPerSecond", updatesPerSecond);
        requireRate("averagesPerSecond", averagesPerSecond);
        requireTime("messageSeconds", messageSeconds);
    }

    private static void requireRate(String name, double value) {
        if (!(value > 0)) {
            throw new IllegalArgumentException(name + " must be above 0, got " + value);
        }
    }

    private static void requireTime(String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(name + " must be 0 or more, got " + value);
        }
    }

    /** The same on another network. */
    public Machine withNetwork(double gigabitsPerSecond) {
        return with(flopsPerSecond, computeSpread, gigabitsPerSecond * GIGABIT);
    }

    /** The same with faster or slower workers. */
    public Machine withFlops(double rate) {
        return with(rate, computeSpread, networkBytesPerSecond);
    }

    /** The same with workers that are more or less alike. */
    public Machine withSpread(double spread) {
        return with(flopsPerSecond, spread, networkBytesPerSecond);
    }

    /** The same with other rates of messages, sums, updates and averages. */
    public Machine withRates(
            double workerBytes, double serverBytes, double sumBytes, double updates, double averages, double message) {
        return new Machine(
                flopsPerSecond,
                computeSpread,
                sharedCore,
                networkBytesPerSecond,
                latencySeconds,
                packetOverhead,
                workerBytes,
                serverBytes,
                sumBytes,
                updates,
                averages,
                message);
    }

    private Machine with(double flops, double spread, double network) {
        return new Machine(
                flops,
                spread,
                sharedCore,
                network,
                latencySeconds,
                packetOverhead,
                workerBytesPerSecond,
                serverBytesPerSecond,
                sumBytesPerSecond,
                updatesPerSecond,
                averagesPerSecond,
                messageSeconds);
    }
}
