package io.dino4j.train.scaling;

/**
 * Who takes part, and how gradients travel.
 *
 * @param workers {@code W}
 * @param servers {@code S}
 * @param gradientBytes {@code g}, bytes of a gradient in a message: 4 for f32, 2 for bf16, 4 times the share that is sent with a threshold
 * @param besideWorkers true if servers run on the machines of workers and share their network cards, false if on machines of their own
 */
public record Cluster(int workers, int servers, double gradientBytes, boolean besideWorkers) {
    /** Bytes of a gradient as it is. */
    public static final double F32 = Float.BYTES;

    /** Bytes of a gradient in 16 bits. */
    public static final double BF16 = Short.BYTES;

    /** Checks the numbers. */
    public Cluster {
        if (workers < 1 || servers < 1) {
            throw new IllegalArgumentException(
                    "workers and servers must be 1 or more, got %d and %d".formatted(workers, servers));
        }
        if (!(gradientBytes > 0 && gradientBytes <= F32)) {
            throw new IllegalArgumentException(
                    "a gradient takes more than 0 and at most 4 bytes, got " + gradientBytes);
        }
    }

    /** Number of machines; workers come first. */
    int machines() {
        return besideWorkers ? workers : workers + servers;
    }

    int machineOfServer(int server) {
        return besideWorkers ? (int) ((long) server * workers / servers) : workers + server;
    }
}
