package io.dino4j.benchmarks;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How far the results of two subjects are apart.
 *
 * @param largest difference of two elements
 * @param relative norm of the difference over that of the reference, of the array where it is largest; arrays whose norm is below a
 *     millionth of the largest are rounding alone and count as part of that
 * @param where the name of that array
 */
record Agreement(double largest, double relative, String where) {
    private static final double NEGLIGIBLE = 1e-6;

    /**
     * Compares every array that both have.
     *
     * @throws LineFailure if they have none in common, or one has another length
     */
    static Agreement of(SubjectProcess ours, SubjectProcess rival, Path work) throws LineFailure {
        Path a = work.resolve("results-ours.bin");
        Path b = work.resolve("results-rival.bin");
        try {
            ours.results(a);
            rival.results(b);
            return between(read(a), read(b), rival.name());
        } catch (IOException e) {
            throw new LineFailure("results cannot be read: " + e.getMessage(), e);
        } finally {
            delete(a);
            delete(b);
        }
    }

    private static Agreement between(Map<String, float[]> ours, Map<String, float[]> rival, String name)
            throws LineFailure {
        double scale =
                rival.values().stream().mapToDouble(Agreement::norm).max().orElse(0);
        double largest = 0;
        double relative = 0;
        String where = "";
        ours.keySet().retainAll(rival.keySet());
        if (ours.size() < rival.size() || ours.isEmpty()) {
            rival.keySet().removeAll(ours.keySet());
            throw new LineFailure("%s has results that we lack: %s".formatted(name, rival.keySet()));
        }
        for (Map.Entry<String, float[]> e : ours.entrySet()) {
            float[] x = e.getValue();
            float[] y = rival.get(e.getKey());
            if (x.length != y.length) {
                throw new LineFailure("%s: %d values, %s has %d".formatted(e.getKey(), x.length, name, y.length));
            }
            float[] difference = new float[x.length];
            for (int i = 0; i < x.length; i++) {
                difference[i] = x[i] - y[i];
                largest = Math.max(largest, Math.abs(difference[i]));
            }
            double r = norm(difference) / Math.max(norm(y), NEGLIGIBLE * scale);
            if (!(r <= relative)) { // a NaN is the largest
                relative = r;
                where = e.getKey();
            }
        }
        return new Agreement(largest, relative, where);
    }

    private static double norm(float[] x) {
        double sum = 0;
        for (float v : x) {
            sum += (double) v * v;
        }
        return Math.sqrt(sum);
    }

    private static Map<String, float[]> read(Path file) throws IOException {
        Map<String, float[]> arrays = new LinkedHashMap<>();
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            while (in.available() > 0) {
                String name = in.readUTF();
                float[] values = new float[in.readInt()];
                ByteBuffer.wrap(in.readNBytes(values.length * Float.BYTES))
                        .asFloatBuffer()
                        .get(values);
                arrays.put(name, values);
            }
        }
        return arrays;
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // it lies in a work folder
        }
    }
}
