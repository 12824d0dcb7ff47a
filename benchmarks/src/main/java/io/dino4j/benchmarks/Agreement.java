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
 * How far the results of a subject are from those of another.
 *
 * @param largest difference of two elements
 * @param overall norm of the difference over that of the reference, of all arrays together
 * @param relative norm of the difference over that of the reference, of the array where it is largest; arrays whose norm is below a
 *     millionth of the largest are rounding alone and count as part of that
 * @param where the name of that array
 */
record Agreement(double largest, double overall, double relative, String where) {
    private static final double NEGLIGIBLE = 1e-6;

    /**
     * Compares every array that both have.
     *
     * @throws LineFailure if they have none in common, or one has another length
     */
    static Agreement of(SubjectProcess subject, SubjectProcess reference, Path work) throws LineFailure {
        Path a = work.resolve("results-subject.bin");
        Path b = work.resolve("results-reference.bin");
        try {
            subject.results(a);
            reference.results(b);
            return between(read(a), read(b), reference.name());
        } catch (IOException e) {
            throw new LineFailure("results cannot be read: " + e.getMessage(), e);
        } finally {
            delete(a);
            delete(b);
        }
    }

    private static Agreement between(Map<String, float[]> subject, Map<String, float[]> reference, String name)
            throws LineFailure {
        double scale =
                reference.values().stream().mapToDouble(Agreement::norm).max().orElse(0);
        double largest = 0;
        double relative = 0;
        double squares = 0;
        double total = 0;
        String where = "";
        subject.keySet().retainAll(reference.keySet());
        if (subject.size() < reference.size() || subject.isEmpty()) {
            reference.keySet().removeAll(subject.keySet());
            throw new LineFailure("%s has results that are missing: %s".formatted(name, reference.keySet()));
        }
        for (Map.Entry<String, float[]> e : subject.entrySet()) {
            float[] x = e.getValue();
            float[] y = reference.get(e.getKey());
            if (x.length != y.length) {
                throw new LineFailure("%s: %d values, %s has %d".formatted(e.getKey(), x.length, name, y.length));
            }
            float[] difference = new float[x.length];
            for (int i = 0; i < x.length; i++) {
                difference[i] = x[i] - y[i];
                largest = Math.max(largest, Math.abs(difference[i]));
            }
            squares += Math.pow(norm(difference), 2);
            total += Math.pow(norm(y), 2);
            double r = norm(difference) / Math.max(norm(y), NEGLIGIBLE * scale);
            if (!(r <= relative)) { // a NaN is the largest
                relative = r;
                where = e.getKey();
            }
        }
        return new Agreement(largest, Math.sqrt(squares / total), relative, where);
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
