package io.dino4j.train.cluster.message;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.compression.EncodeThreshold;
import org.nd4j.linalg.factory.Nd4j;

final class GradientEncodingTest {
    @Test
    void singlePrecisionKeepsEveryBit() throws Exception {
        float[] values = {0f, -0f, 1.25f, Float.MIN_VALUE, Float.NaN, Float.NEGATIVE_INFINITY};
        ByteBuffer packed = packed(GradientEncoding.F32, values);
        assertEquals(24, packed.remaining());
        assertArrayEquals(values, unpacked(GradientEncoding.F32, packed, 6));
    }

    /** 1 + 2⁻⁸ lies half-way between 1 and 1 + 2⁻⁷: to the even one; 1 + 3·2⁻⁸ likewise, which is up. */
    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "1.00390625, 1",
        "1.01171875, 1.015625",
        "1.00390637, 1.0078125",
        "-1.00390637, -1.0078125",
        "3.4028235E38, Infinity",
        "-Infinity, -Infinity",
        "NaN, NaN",
        "-0.0, -0.0"
    })
    void halfTheBitsAreRoundedToNearestEven(float value, float expected) throws Exception {
        ByteBuffer packed = packed(GradientEncoding.BF16, new float[] {value});
        assertEquals(2, packed.remaining());
        assertArrayEquals(new float[] {expected}, unpacked(GradientEncoding.BF16, packed, 1));
    }

    @Test
    void aThresholdSendsSignsAndKeepsTheRest() throws Exception {
        float[] residual = {9, 0.25f, 0, 0, -0.5f, 9};
        ByteBuffer packed = ByteBuffer.allocate(GradientEncoding.THRESHOLD.maxBytes(4));
        GradientEncoding.THRESHOLD.encode(new float[] {0.25f, -2, 0.375f, 0}, 4, 0.5f, residual, 1, packed);
        packed.flip();
        assertEquals(8 + 3 * 4, packed.remaining());
        assertArrayEquals(new float[] {0.5f, -0.5f, 0, -0.5f}, unpacked(GradientEncoding.THRESHOLD, packed, 4));
        assertArrayEquals(new float[] {9, 0, -1.5f, 0.375f, 0, 9}, residual);
    }

    @Test
    void whatDoesNotFitWaits() throws Exception {
        float[] residual = new float[4];
        ByteBuffer packed = ByteBuffer.allocate(8 + 2 * 4);
        GradientEncoding.THRESHOLD.encode(new float[] {1, 1, 1, 1}, 4, 1, residual, 0, packed);
        packed.flip();
        assertArrayEquals(new float[] {1, 1, 0, 0}, unpacked(GradientEncoding.THRESHOLD, packed, 4));
        assertArrayEquals(new float[] {0, 0, 1, 1}, residual);
    }

    /** The op of ND4J leaves in its input what ours leaves in the residual, and names the same places with the same signs. */
    @Test
    void aThresholdMeansWhatItMeansToNd4j() {
        SplittableRandom random = new SplittableRandom(5);
        float[] values = new float[1000];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextDouble() - 0.5);
        }
        INDArray rest = Nd4j.createFromArray(values);
        int[] theirs = Nd4j.exec(new EncodeThreshold(rest, 0.3f))[1].toIntVector();
        float[] residual = new float[values.length];
        ByteBuffer packed = ByteBuffer.allocate(GradientEncoding.THRESHOLD.maxBytes(1000));
        GradientEncoding.THRESHOLD.encode(values, 1000, 0.3f, residual, 0, packed);
        packed.flip();
        assertEquals(theirs[0], packed.getInt(0));
        assertTrue(theirs[0] > 100, "sent " + theirs[0]);
        for (int i = 0; i < theirs[0]; i++) {
            assertEquals(theirs[4 + i], packed.getInt(8 + 4 * i));
        }
        assertArrayEquals(rest.toFloatVector(), residual);
    }

    @Test
    void hostileBytesAreRefused() {
        assertThrows(MalformedMessageException.class, () -> unpacked(GradientEncoding.F32, ByteBuffer.allocate(4), 2));
        assertThrows(MalformedMessageException.class, () -> unpacked(GradientEncoding.BF16, ByteBuffer.allocate(3), 1));
        assertHostile(4, 1f);
        assertHostile(Integer.MAX_VALUE, 1f);
        assertHostile(-1, 1f);
        assertHostile(2, 1f, 1);
        assertHostile(0, 0f);
        assertHostile(0, Float.NaN);
        assertHostile(0, Float.POSITIVE_INFINITY);
        assertHostile(1, 1f, 0);
        assertHostile(1, 1f, 4);
        assertHostile(1, 1f, -4);
        assertHostile(1, 1f, Integer.MIN_VALUE);
        assertHostile(2, 1f, 2, 2);
        assertHostile(2, 1f, 2, -1);
    }

    private static void assertHostile(int count, float threshold, int... places) {
        ByteBuffer bytes = ByteBuffer.allocate(8 + 4 * places.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(count).putFloat(threshold);
        for (int place : places) {
            bytes.putInt(place);
        }
        bytes.flip();
        assertThrows(MalformedMessageException.class, () -> unpacked(GradientEncoding.THRESHOLD, bytes, 3));
    }

    @Test
    void whatCannotBeSentIsAnError() {
        ByteBuffer packed = ByteBuffer.allocate(100);
        float[] residual = new float[1];
        GradientEncoding t = GradientEncoding.THRESHOLD;
        assertThrows(IllegalArgumentException.class, () -> t.encode(new float[] {1}, 1, packed));
        assertThrows(IllegalArgumentException.class, () -> t.encode(new float[] {1}, 1, 0, residual, 0, packed));
        assertThrows(
                IllegalArgumentException.class, () -> t.encode(new float[] {Float.NaN}, 1, 1, residual, 0, packed));
    }

    private static ByteBuffer packed(GradientEncoding encoding, float[] values) {
        ByteBuffer packed = ByteBuffer.allocate(encoding.maxBytes(values.length));
        encoding.encode(values, values.length, packed);
        return packed.flip();
    }

    private static float[] unpacked(GradientEncoding encoding, ByteBuffer packed, int count)
            throws MalformedMessageException {
        float[] values = new float[count];
        encoding.decode(packed, values, count);
        return values;
    }
}
