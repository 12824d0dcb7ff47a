package io.dino4j.train.cluster.worker;

import io.dino4j.train.cluster.message.GradientEncoding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.FloatPointer;

/**
 * How this worker packs its gradients; those that go as they are, are sent from where they lie. With a threshold it keeps what was not sent, and sends it later; a worker that is started anew has lost
 * that, as it has with every other copy of this state.
 */
public final class GradientPacking {
    private final GradientEncoding encoding;
    private final float threshold;
    private final float[] residual; // of all gradients; empty if nothing is kept
    private final float[] gradients;
    private final ByteBuffer packed;

    private GradientPacking(GradientEncoding encoding, float threshold, float[] residual) {
        int most = encoding == GradientEncoding.F32 ? 0 : Servers.CHUNK;
        this.encoding = encoding;
        this.threshold = threshold;
        this.residual = residual;
        this.gradients = new float[most];
        this.packed = ByteBuffer.allocateDirect(encoding.maxBytes(most)).order(ByteOrder.LITTLE_ENDIAN);
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

    /**
     * Packs part of a vector.
     *
     * @param vector all gradients, on the host
     * @param offset of the first
     * @param count how many, at most {@link Servers#CHUNK}
     * @return valid until the next call, and while the vector is
     */
    ByteBuffer pack(FloatPointer vector, long offset, int count) {
        if (encoding == GradientEncoding.F32) {
            return Servers.bytes(vector, offset, count);
        }
        vector.position(offset).get(gradients, 0, count);
        packed.clear();
        encoding.encode(gradients, count, threshold, residual, residual.length == 0 ? 0 : (int) offset, packed);
        return packed.flip();
    }
}
