package io.dino4j.zoo.weights;

import java.nio.ByteBuffer;
import org.nd4j.linalg.api.buffer.DataType;

/** A number format for weights on disk. Reading into FLOAT is exact; writing rounds to the nearest, ties to even. */
public enum WeightType {
    /** IEEE single precision. */
    FLOAT32("float32", DataType.FLOAT) {
        @Override
        void put(float value, ByteBuffer out) {
            out.putFloat(value);
        }

        @Override
        float take(ByteBuffer in, int at) {
            return in.getFloat(at);
        }
    },

    /** IEEE half precision: from 2^-24 to 65504; what is larger becomes infinite. */
    FLOAT16("float16", DataType.FLOAT16) {
        @Override
        void put(float value, ByteBuffer out) {
            out.putShort(half(value));
        }

        @Override
        float take(ByteBuffer in, int at) {
            return half(in.getShort(at));
        }
    },

    /** The upper half of a single: its range with 8 bits of precision. */
    BFLOAT16("bfloat16", DataType.BFLOAT16) {
        @Override
        void put(float value, ByteBuffer out) {
            out.putShort(brain(value));
        }

        @Override
        float take(ByteBuffer in, int at) {
            return Float.intBitsToFloat(in.getShort(at) << 16);
        }
    };

    private final String option;
    private final DataType type;

    WeightType(String option, DataType type) {
        this.option = option;
        this.type = type;
    }

    /** One word for a command line, which is also PyTorch's: {@code float32}, {@code float16} or {@code bfloat16}. */
    public String option() {
        return option;
    }

    /** The type of such an array. */
    public DataType type() {
        return type;
    }

    /** Appends one number, in the byte order of the buffer. */
    abstract void put(float value, ByteBuffer out);

    /** The number at a byte. */
    abstract float take(ByteBuffer in, int at);

    /** A half-precision number as a float; Java has {@code Float.float16ToFloat} only since 20. */
    private static float half(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = bits >> 10 & 0x1f;
        int fraction = bits & 0x3ff;
        if (exponent == 0) { // zero or subnormal: a multiple of 2^-24
            return Float.intBitsToFloat(Float.floatToRawIntBits(fraction * 0x1p-24f) | sign);
        }
        int biased = exponent == 0x1f ? 0xff : exponent + 127 - 15;
        return Float.intBitsToFloat(sign | biased << 23 | fraction << 13);
    }

    /** The nearest half-precision number. */
    private static short half(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        float size = Math.abs(value);
        if (Float.isNaN(value)) { // its payload as far as it fits; never that of infinity
            int payload = bits >>> 13 & 0x3ff;
            return (short) (sign | 0x7c00 | (payload == 0 ? 1 : payload));
        }
        if (size >= 0x1.ffep15f) { // half-way between the largest and what would follow it
            return (short) (sign | 0x7c00);
        }
        if (size < 0x1p-14f) { // subnormal: Math.rint rounds to even, and may give the first normal number
            return (short) (sign | (int) Math.rint(size * 0x1p24));
        }
        int rounded = (bits & 0x7fffffff) + 0xfff + (bits >>> 13 & 1);
        return (short) (sign | (rounded - (127 - 15 << 23)) >>> 13);
    }

    /** The nearest number of 8 bits. */
    private static short brain(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            int upper = bits >>> 16;
            return (short) ((upper & 0x7f) == 0 ? upper | 1 : upper);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
