package io.dino4j.parity;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reads one {@code .npy} file, version 1.0 or 2.0, C order, little endian. ND4J's own reader has no unsigned bytes and
 * trips over arrays of rank 0 and arrays without elements; the fixtures have all three.
 */
final class Npy {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Pattern HEADER =
            Pattern.compile("'descr':\\s*'([^']+)'.*'fortran_order':\\s*(True|False).*'shape':\\s*\\(([^)]*)\\)");

    private Npy() {}

    /**
     * Decodes the bytes of a file.
     *
     * @param bytes the whole file
     * @param origin name for error messages
     * @throws IOException if the bytes are not an array of a known kind
     */
    static INDArray read(byte[] bytes, String origin) throws IOException {
        if (bytes.length < 10 || !Arrays.equals(MAGIC, Arrays.copyOf(bytes, MAGIC.length))) {
            throw new IOException(origin + ": not an .npy file");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int headerStart = bytes[6] == 1 ? 10 : 12;
        int headerLength = bytes[6] == 1 ? Short.toUnsignedInt(in.getShort(8)) : in.getInt(8);
        String header = new String(bytes, headerStart, headerLength, StandardCharsets.ISO_8859_1);
        Matcher m = HEADER.matcher(header);
        if (!m.find() || m.group(2).equals("True")) {
            throw new IOException("%s: header '%s' is not a C-order array".formatted(origin, header.strip()));
        }
        DataType type = type(m.group(1), origin);
        long[] shape = Arrays.stream(m.group(3).split(","))
                .map(String::strip)
                .filter(s -> !s.isEmpty())
                .mapToLong(Long::parseLong)
                .toArray();
        long elements = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        int start = headerStart + headerLength;
        long length = elements * type.width();
        if (bytes.length - start != length) {
            throw new IOException("%s: %d data bytes, but shape %s of %s needs %d"
                    .formatted(origin, bytes.length - start, Arrays.toString(shape), type, length));
        }
        if (elements == 0) {
            return Nd4j.create(type, shape);
        }
        INDArray array = Nd4j.createUninitialized(type, shape, 'c');
        try (BytePointer target = new BytePointer(array.data().pointer())) {
            target.position(0).limit(length).put(bytes, start, (int) length);
        }
        return array;
    }

    private static DataType type(String descr, String origin) throws IOException {
        return switch (descr) {
            case "<f4" -> DataType.FLOAT;
            case "<f8" -> DataType.DOUBLE;
            case "<i8" -> DataType.INT64;
            case "<i4" -> DataType.INT32;
            case "|u1", "|b1" -> DataType.UINT8;
            default -> throw new IOException("%s: element type '%s' is not known".formatted(origin, descr));
        };
    }
}
