package io.dino4j.data.curation;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.copy.PairVerification;
import io.dino4j.data.file.Durable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** A look at many pairs of images whose results so far survive a crash: parts of it are kept as files. */
final class SavedPairs {
    private static final int PART = 1 << 13; // pairs; about 20 seconds

    private final Path folder;
    private final PairVerification verification;

    /** In one folder only the same pairs may be looked at again. */
    SavedPairs(Path folder, PairVerification verification) {
        this.folder = folder;
        this.verification = verification;
    }

    /** What speaks for each pair; looked up where an earlier run has found it. */
    float[] evidence(int[] one, int[] other, Progress progress) throws IOException {
        float[] evidence = new float[one.length];
        progress.begin("pairs of images", 0, one.length);
        for (int first = 0; first < one.length; first += PART) {
            int from = first;
            int to = Math.min(one.length, first + PART);
            Path file = folder.resolve("pairs-%07d.bin".formatted(first / PART));
            if (!Files.exists(file)) {
                float[] found = verification.evidence(
                        Arrays.copyOfRange(one, from, to),
                        Arrays.copyOfRange(other, from, to),
                        done -> progress.advance(from + done, Map.of()),
                        progress::say);
                Durable.write(file, bytes(found));
            }
            read(file, evidence, from, to);
            progress.advance(to, Map.of());
        }
        progress.end();
        return evidence;
    }

    private static byte[] bytes(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    private static void read(Path file, float[] values, int from, int to) throws IOException {
        if (Files.size(file) != (long) Float.BYTES * (to - from)) {
            throw new IOException("%s: has %d bytes, but %d were written; delete it to look again"
                    .formatted(file, Files.size(file), Float.BYTES * (to - from)));
        }
        ByteBuffer.wrap(Files.readAllBytes(file))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values, from, to - from);
    }
}
