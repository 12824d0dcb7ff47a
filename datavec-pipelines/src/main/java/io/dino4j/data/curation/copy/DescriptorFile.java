package io.dino4j.data.curation.copy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;

/**
 * A {@link CopyDescriptor} on disk, little-endian: 8 letters, K and D as 32-bit integers, then float32: centres (K, 128), mean (K 128), directions
 * (D, K 128); last the CRC-32 of all before as a 64-bit integer.
 */
final class DescriptorFile {
    private static final String MAGIC = "D4JCOPY1";
    private static final int HEADER = 16;

    /** Largest K and D of a file that is read into memory: 512 MB. */
    private static final int MOST = 1024;

    private DescriptorFile() {}

    static byte[] bytes(Codebook codebook, Whitening whitening) {
        int k = codebook.centres().length;
        int d = whitening.directions().length;
        ByteBuffer out = ByteBuffer.allocate((int) length(k, d)).order(ByteOrder.LITTLE_ENDIAN);
        out.put(MAGIC.getBytes(StandardCharsets.US_ASCII)).putInt(k).putInt(d);
        for (float[] centre : codebook.centres()) {
            put(out, centre);
        }
        put(out, whitening.mean());
        for (float[] direction : whitening.directions()) {
            put(out, direction);
        }
        out.putLong(crc(out.array()));
        return out.array();
    }

    static CopyDescriptor read(Path file) throws IOException {
        long size = Files.size(file);
        if (size < HEADER || size > length(MOST, MOST)) {
            throw wrong(file, "of %d bytes".formatted(size));
        }
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[MAGIC.length()];
        in.get(magic);
        int k = in.getInt();
        int d = in.getInt();
        if (!MAGIC.equals(new String(magic, StandardCharsets.US_ASCII))) {
            throw wrong(file, "that begins otherwise");
        }
        if (k < 1 || k > MOST || d < 1 || d > MOST || length(k, d) != in.capacity()) {
            throw wrong(file, "of %d bytes for %d centres and %d directions".formatted(in.capacity(), k, d));
        }
        if (in.getLong(in.capacity() - Long.BYTES) != crc(in.array())) {
            throw new IllegalArgumentException(file + ": is damaged (its checksum does not fit)");
        }
        float[][] centres = rows(in, k, LocalFeatures.LENGTH);
        float[] mean = rows(in, 1, k * LocalFeatures.LENGTH)[0];
        return new CopyDescriptor(new Codebook(centres), new Whitening(mean, rows(in, d, k * LocalFeatures.LENGTH)));
    }

    private static IllegalArgumentException wrong(Path file, String what) {
        return new IllegalArgumentException(
                "%s: expected a descriptor of copies, found a file %s".formatted(file, what));
    }

    private static long length(long k, long d) {
        return HEADER + Float.BYTES * k * LocalFeatures.LENGTH * (2 + d) + Long.BYTES;
    }

    private static long crc(byte[] file) {
        CRC32 crc = new CRC32();
        crc.update(file, 0, file.length - Long.BYTES);
        return crc.getValue();
    }

    private static void put(ByteBuffer out, float[] values) {
        out.asFloatBuffer().put(values);
        out.position(out.position() + Float.BYTES * values.length);
    }

    private static float[][] rows(ByteBuffer in, int count, int length) {
        float[][] rows = new float[count][length];
        for (float[] row : rows) {
            in.asFloatBuffer().get(row);
            in.position(in.position() + Float.BYTES * length);
        }
        return rows;
    }
}
