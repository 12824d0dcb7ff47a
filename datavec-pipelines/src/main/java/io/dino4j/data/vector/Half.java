package io.dino4j.data.vector;

/** IEEE 754 binary16, which Java knows from version 20 on. */
final class Half {
    private static final float[] VALUES = new float[1 << 16];

    static {
        for (int i = 0; i < VALUES.length; i++) {
            // exponents are biased by 15 here and by 127 there; the product is exact for subnormal numbers too
            float magnitude = Float.intBitsToFloat((i & 0x7fff) << 13) * 0x1p112f;
            boolean finite = (i & 0x7c00) != 0x7c00;
            float value = finite ? magnitude : (i & 0x3ff) == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
            VALUES[i] = (i & 0x8000) == 0 ? value : -value;
        }
    }

    private Half() {}

    static float toFloat(short half) {
        return VALUES[half & 0xffff];
    }

    /** The nearest, ties to even; infinite beyond 65504. */
    static short of(float x) {
        int bits = Float.floatToIntBits(x);
        int sign = bits >>> 16 & 0x8000;
        float magnitude = Math.abs(x);
        if (Float.isNaN(x)) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= 65520) { // rounds beyond the largest
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x1p-14f) { // subnormal: a multiple of 2^-24
            return (short) (sign | (int) Math.rint(magnitude * 0x1p24));
        }
        int m = Float.floatToIntBits(magnitude) - (112 << 23);
        int rounded = m + 0xfff + (m >>> 13 & 1);
        return (short) (sign | rounded >>> 13);
    }
}
