package io.dino4j.train.cluster.message;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** How gradients are packed for the way to the server. Everything is little-endian. */
public enum GradientEncoding {
    /** As they are: 4 bytes each. */
    F32 {
        @Override
        public int maxBytes(int count) {
            return Math.multiplyExact(count, Float.BYTES);
        }

        @Override
        public void encode(
                float[] values, int count, float threshold, float[] residual, int residualFrom, ByteBuffer into) {
            ByteBuffer out = into.order(ByteOrder.LITTLE_ENDIAN);
            out.asFloatBuffer().put(values, 0, count);
            out.position(out.position() + count * Float.BYTES);
        }

        @Override
        void unpack(ByteBuffer in, float[] values, int count) throws MalformedMessageException {
            requireBytes(in, (long) count * Float.BYTES);
            in.asFloatBuffer().get(values, 0, count);
        }
    },
    /** The upper half of the 32 bits, rounded to nearest, ties to even: 2 bytes each. What is rounded off is lost. */
    BF16 {
        @Override
        public int maxBytes(int count) {
            return Math.multiplyExact(count, Short.BYTES);
        }

        @Override
        public void encode(
                float[] values, int count, float threshold, float[] residual, int residualFrom, ByteBuffer into) {
            into.order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < count; i++) {
                into.putShort(round(values[i]));
            }
        }

        private static short round(float value) {
            int bits = Float.floatToIntBits(value); // NaN in its one form, which rounding leaves a NaN
            return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
        }

        @Override
        void unpack(ByteBuffer in, float[] values, int count) throws MalformedMessageException {
            requireBytes(in, (long) count * Short.BYTES);
            int at = in.position();
            for (int i = 0; i < count; i++) {
                values[i] = Float.intBitsToFloat(in.getShort(at + i * Short.BYTES) << 16);
            }
        }
    },
    /**
     * ND4J's threshold encoding ({@code encode_threshold}): each gradient that has grown to the threshold is sent as plus or minus the
     * threshold, the others not at all, and what was not sent is kept for the next step. As {@code int n, float threshold, int[n]}: places
     * counted from 1, negative for minus, in ascending order of place.
     */
    THRESHOLD {
        @Override
        public int maxBytes(int count) {
            return Math.addExact(HEADER, Math.multiplyExact(count, Integer.BYTES));
        }

        @Override
        public void encode(
                float[] values, int count, float threshold, float[] residual, int residualFrom, ByteBuffer into) {
            if (!isThreshold(threshold)) {
                throw new IllegalArgumentException("the threshold must be finite and above 0, got " + threshold);
            }
            ByteBuffer out = into.order(ByteOrder.LITTLE_ENDIAN);
            int start = out.position();
            int room = (out.remaining() - HEADER) / Integer.BYTES;
            out.position(start + HEADER);
            int sent = 0;
            for (int i = 0; i < count; i++) {
                float due = residual[residualFrom + i] + values[i];
                if (!Float.isFinite(due)) { // nothing of it would ever arrive
                    throw new IllegalArgumentException("gradient %d is %s".formatted(i, due));
                }
                if (sent < room && Math.abs(due) >= threshold) {
                    out.putInt(due > 0 ? i + 1 : -i - 1);
                    due -= due > 0 ? threshold : -threshold;
                    sent++;
                }
                residual[residualFrom + i] = due;
            }
            out.putInt(start, sent).putFloat(start + Integer.BYTES, threshold);
        }

        @Override
        void unpack(ByteBuffer in, float[] values, int count) throws MalformedMessageException {
            if (in.remaining() < HEADER) {
                throw new MalformedMessageException("gradients of %d bytes have no header".formatted(in.remaining()));
            }
            int at = in.position();
            int sent = in.getInt(at);
            float threshold = in.getFloat(at + Integer.BYTES);
            if (sent < 0 || sent > count || !isThreshold(threshold)) {
                throw new MalformedMessageException(
                        "%d of %d gradients by a threshold of %s".formatted(sent, count, threshold));
            }
            requireBytes(in, HEADER + (long) sent * Integer.BYTES);
            Arrays.fill(values, 0, count, 0);
            int before = 0;
            for (int i = 0; i < sent; i++) {
                int signed = in.getInt(at + HEADER + i * Integer.BYTES);
                int place = Math.abs(signed); // stays negative for the one int that has no opposite
                if (place <= before || place > count) {
                    throw new MalformedMessageException("gradient %d after %d of %d".formatted(signed, before, count));
                }
                values[place - 1] = signed > 0 ? threshold : -threshold;
                before = place;
            }
        }
    };

    private static final int HEADER = Integer.BYTES + Float.BYTES;

    private static boolean isThreshold(float threshold) {
        return threshold > 0 && threshold < Float.POSITIVE_INFINITY;
    }

    private static void requireBytes(ByteBuffer in, long wanted) throws MalformedMessageException {
        if (in.remaining() != wanted) {
            throw new MalformedMessageException(
                    "gradients of %d bytes, where %d are due".formatted(in.remaining(), wanted));
        }
    }

    /**
     * The most bytes that packed gradients take. {@link #THRESHOLD} takes less, and packs into less room what fits there; the others stay
     * in the residual.
     *
     * @param count how many gradients
     */
    public abstract int maxBytes(int count);

    /**
     * Packs gradients.
     *
     * @param values gradients, from 0 on; read only
     * @param count how many
     * @param threshold for {@link #THRESHOLD}: what is sent of a gradient, above 0
     * @param residual for {@link #THRESHOLD}: what was not sent before, added to the gradients and written; not used by the others
     * @param residualFrom place of the first gradient in the residual
     * @param into written from its position on, which is moved; has room for {@link #maxBytes}, or is smaller for {@link #THRESHOLD}
     * @throws IllegalArgumentException for {@link #THRESHOLD} if the threshold or a gradient is not finite
     */
    public abstract void encode(
            float[] values, int count, float threshold, float[] residual, int residualFrom, ByteBuffer into);

    /** {@link #encode(float[], int, float, float[], int, ByteBuffer) Packs} where nothing is kept: {@link #F32} or {@link #BF16}. */
    public void encode(float[] values, int count, ByteBuffer into) {
        if (this == THRESHOLD) {
            throw new IllegalArgumentException("a threshold needs a residual");
        }
        encode(values, count, 0, new float[0], 0, into);
    }

    /**
     * Unpacks gradients.
     *
     * @param bytes all of them; its position stays
     * @param values written from 0 on
     * @param count how many gradients there are to be
     * @throws MalformedMessageException if the bytes are none, or of another number of gradients
     */
    public void decode(ByteBuffer bytes, float[] values, int count) throws MalformedMessageException {
        unpack(bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN), values, count);
    }

    abstract void unpack(ByteBuffer in, float[] values, int count) throws MalformedMessageException;
}
