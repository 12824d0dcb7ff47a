package io.dino4j.train.cluster.worker;

import io.dino4j.train.cluster.message.GradientEncoding;
import java.nio.ByteBuffer;

/**
 * How this worker packs its gradients. With a threshold it keeps what was not sent, and sends it later; a worker that is started anew has lost
 * that, as it has with every other copy of this state.
 */
public final class GradientPacking {
    private final GradientEncoding encoding;
    private final float threshold;
    private final float[] residual; // of all gradients; empty if nothing is kept

    private GradientPacking(GradientEncoding encoding, float threshold, float[] residual) {
        this.encoding = encoding;
        this.threshold = threshold;
        this.residual = residual;
    }

    /** Nothing is lost. */
    public static GradientPacking exact() {
        return new GradientPacking(GradientEncoding.F32, 0, new float[0]);
    }

    /** Half of the bytes. */
    public static GradientPacking bf16() {
        return new GradientPacking(GradientEncoding.BF16, 0, new float[0]);
    }

    /**
     * Only what has grown to a threshold.
     *
     * @param threshold above 0
     * @param length number of gradients
     */
    public static GradientPacking threshold(float threshold, long length) {
        return new GradientPacking(GradientEncoding.THRESHOLD, threshold, new float[Math.toIntExact(length)]);
    }

    GradientEncoding encoding() {
        return encoding;
    }

    /** Room for a number of gradients. */
    int maxBytes(int count) {
        return encoding.maxBytes(count);
    }

    /** Packs {@code count} values that begin at {@code offset} of the vector. */
    void pack(float[] values, int count, long offset, ByteBuffer into) {
        encoding.encode(values, count, threshold, residual, residual.length == 0 ? 0 : (int) offset, into);
    }
}
