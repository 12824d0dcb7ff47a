package io.dino4j.graph.kernel.onednn;

import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.ShortPointer;

/** Numbers that follow one another in memory, as Java code sees them: floats, whatever they are stored as. */
sealed interface Segment {
    /** Copies {@code n} elements from {@code index} on into {@code into}. */
    void get(int index, float[] into, int at, int n);

    /** Copies {@code n} elements of {@code from} to {@code index} on. */
    void put(int index, float[] from, int at, int n);

    float get(int index);

    void put(int index, float value);

    /** Copies {@code n} elements of a segment that stores them alike. */
    void copy(int index, Segment source, int sourceIndex, int n);

    /** The elements of {@code t} from its element {@code first} on, once it has an address. */
    static Segment of(Tensor t, long first, long n) {
        var start = Dnnl.at(t.place().address() + t.byteOffset() + first * Tensor.bytes(t.type()));
        return t.isNarrow()
                ? new Narrow(new ShortPointer(start).capacity(n).asBuffer())
                : new Wide(new FloatPointer(start).capacity(n).asBuffer());
    }

    /** 32-bit floats. */
    record Wide(FloatBuffer buffer) implements Segment {
        @Override
        public void get(int index, float[] into, int at, int n) {
            buffer.get(index, into, at, n);
        }

        @Override
        public void put(int index, float[] from, int at, int n) {
            buffer.put(index, from, at, n);
        }

        @Override
        public float get(int index) {
            return buffer.get(index);
        }

        @Override
        public void put(int index, float value) {
            buffer.put(index, value);
        }

        @Override
        public void copy(int index, Segment source, int sourceIndex, int n) {
            buffer.put(index, ((Wide) source).buffer, sourceIndex, n);
        }
    }

    /** bfloat16: the upper half of a 32-bit float, rounded to the nearest, ties to even. */
    record Narrow(ShortBuffer buffer) implements Segment {
        private static final int QUIET_NAN = 0x7fc0;

        @Override
        public void get(int index, float[] into, int at, int n) {
            for (int i = 0; i < n; i++) {
                into[at + i] = Float.intBitsToFloat(buffer.get(index + i) << 16);
            }
        }

        @Override
        public void put(int index, float[] from, int at, int n) {
            for (int i = 0; i < n; i++) {
                buffer.put(index + i, rounded(from[at + i]));
            }
        }

        @Override
        public float get(int index) {
            return Float.intBitsToFloat(buffer.get(index) << 16);
        }

        @Override
        public void put(int index, float value) {
            buffer.put(index, rounded(value));
        }

        @Override
        public void copy(int index, Segment source, int sourceIndex, int n) {
            buffer.put(index, ((Narrow) source).buffer, sourceIndex, n);
        }

        private static short rounded(float x) {
            int bits = Float.floatToRawIntBits(x);
            // adding just under half, or half where the last kept bit is odd, carries into the upper half
            return (short) (x != x ? QUIET_NAN : bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
        }
    }
}
