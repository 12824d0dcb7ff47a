package io.dino4j.data.curation;

import io.dino4j.data.file.Durable;
import io.dino4j.data.vector.KMeansCheckpoint;
import io.dino4j.data.vector.KMeansState;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The last iteration of a run of k-means, in a file of its own in the draft of a stage. */
final class SavedIterations implements KMeansCheckpoint {
    private static final int MAGIC = 0x64346b6d; // "d4km"
    private static final int ARRAYS = 4;

    private final Path file;

    SavedIterations(Path file) {
        this.file = file;
    }

    @Override
    public Optional<KMeansState> load() throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        long left = Files.size(file);
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            if (in.readInt() != MAGIC) {
                throw damaged();
            }
            int iteration = in.readInt();
            int[] lengths = new int[ARRAYS];
            for (int i = 0; i < lengths.length; i++) {
                lengths[i] = in.readInt();
            }
            long expected =
                    (2 + lengths.length) * 4L + 4L * lengths[0] + 4L * lengths[1] + 8L * lengths[2] + 8L * lengths[3];
            if (iteration < 0
                    || Math.min(Math.min(lengths[0], lengths[1]), Math.min(lengths[2], lengths[3])) < 0
                    || expected != left) {
                throw damaged();
            }
            float[] centroids = new float[lengths[0]];
            for (int i = 0; i < centroids.length; i++) {
                centroids[i] = in.readFloat();
            }
            int[] assignment = new int[lengths[1]];
            for (int i = 0; i < assignment.length; i++) {
                assignment[i] = in.readInt();
            }
            long[] sums = new long[lengths[2]];
            for (int i = 0; i < sums.length; i++) {
                sums[i] = in.readLong();
            }
            double[] objective = new double[lengths[3]];
            for (int i = 0; i < objective.length; i++) {
                objective[i] = in.readDouble();
            }
            return Optional.of(new KMeansState(iteration, centroids, assignment, sums, objective));
        } catch (EOFException e) {
            throw damaged();
        }
    }

    private IOException damaged() {
        return new IOException("%s: is damaged; delete it to begin the clusters anew".formatted(file));
    }

    @Override
    public void save(KMeansState state) throws IOException {
        Durable.write(file, draft -> {
            try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(draft)))) {
                out.writeInt(MAGIC);
                out.writeInt(state.iteration());
                out.writeInt(state.centroids().length);
                out.writeInt(state.assignment().length);
                out.writeInt(state.sums().length);
                out.writeInt(state.objective().length);
                for (float v : state.centroids()) {
                    out.writeFloat(v);
                }
                for (int v : state.assignment()) {
                    out.writeInt(v);
                }
                for (long v : state.sums()) {
                    out.writeLong(v);
                }
                for (double v : state.objective()) {
                    out.writeDouble(v);
                }
            }
        });
    }
}
