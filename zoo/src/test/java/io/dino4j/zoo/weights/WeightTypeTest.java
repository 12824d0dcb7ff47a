package io.dino4j.zoo.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class WeightTypeTest {
    private static final int ALL = 1 << 16;

    @TempDir
    private Path dir;

    private static float take(WeightType type, int bits) {
        return type.take(ByteBuffer.allocate(2).putShort(0, (short) bits), 0);
    }

    private static int put(WeightType type, float value) {
        ByteBuffer out = ByteBuffer.allocate(4);
        type.put(value, out);
        return Short.toUnsignedInt(out.getShort(0));
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void everyNumberComesBack(WeightType type) {
        for (int bits = 0; bits < ALL; bits++) {
            float value = take(type, bits);
            int back = put(type, value);
            if (Float.isNaN(value)) {
                assertTrue(Float.isNaN(take(type, back)), "not a number stays so");
            } else {
                assertEquals(bits, back, "bits of " + value);
            }
        }
    }

    /** Between two neighbours the nearer is taken, and of two as near the even one. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void whatLiesBetweenGoesToTheNearest(WeightType type) {
        int infinity = type == WeightType.FLOAT16 ? 0x7c00 : 0x7f80;
        for (int bits = 0; bits < infinity - 1; bits++) {
            double low = take(type, bits);
            double high = take(type, bits + 1);
            float middle = (float) ((low + high) / 2);
            assertEquals((low + high) / 2, middle, "exact");
            assertEquals(bits % 2 == 0 ? bits : bits + 1, put(type, middle), "a tie at " + middle);
            assertEquals(bits, put(type, Math.nextDown(middle)), "below " + middle);
            assertEquals(bits + 1, put(type, Math.nextUp(middle)), "above " + middle);
            assertEquals(bits + 1 | 0x8000, put(type, -Math.nextUp(middle)), "below " + -middle);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FLOAT16, 65504, 0x7bff",
        "FLOAT16, 65519.996, 0x7bff",
        "FLOAT16, 65520, 0x7c00",
        "FLOAT16, -1e30, 0xfc00",
        "FLOAT16, 2.98023224e-8, 0x0000",
        "FLOAT16, 2.9802326e-8, 0x0001",
        "FLOAT16, -0.0, 0x8000",
        "BFLOAT16, 3.4028235e38, 0x7f80",
        "BFLOAT16, -0.0, 0x8000",
    })
    void theEndsOfTheRange(WeightType type, float value, String bits) {
        assertEquals(Integer.decode(bits), put(type, value));
    }

    @Test
    void singlesStayAsTheyAre() {
        SplittableRandom random = new SplittableRandom(5);
        ByteBuffer out = ByteBuffer.allocate(4);
        for (int i = 0; i < 10_000; i++) {
            float value = Float.intBitsToFloat(random.nextInt());
            WeightType.FLOAT32.put(value, out.clear());
            assertEquals(value, WeightType.FLOAT32.take(out, 0));
        }
    }

    /** What ND4J does with halves is not ours: that loading is exact is tested over all of them. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void everyNumberOfASafetensorsFileIsLoadedExactly(WeightType type) throws IOException {
        String dtype = type == WeightType.FLOAT16 ? "F16" : "BF16";
        byte[] json = "{\"a\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
                .formatted(dtype, ALL, 2 * ALL)
                .getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + json.length + 2 * ALL).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        for (int bits = 0; bits < ALL; bits++) {
            file.putShort((short) bits);
        }
        Path path = Files.write(dir.resolve("halves.safetensors"), file.array());
        INDArray into = Nd4j.create(DataType.FLOAT, ALL);
        try (Safetensors open = Safetensors.open(path)) {
            open.readInto("a", into);
        }
        float[] got = into.toFloatVector();
        for (int bits = 0; bits < ALL; bits++) {
            assertEquals(take(type, bits), got[bits], "bits " + bits);
        }
    }
}
