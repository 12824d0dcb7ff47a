package io.dino4j.data.vector;

import io.dino4j.data.file.Durable;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** The state of a run of k-means in a file, replaced whole after every iteration. */
public final class KMeansFile implements KMeansCheckpoint {
    private static final long MAGIC = 0x4434_4b4d_4541_4e01L; // "D4KMEAN", version 1

    private final Path file;
    private final int rows;
    private final int dimension;
    private final KMeansConfig config;
    private final long data;

    /**
     * A checkpoint.
     *
     * @param file to keep the state in
     * @param rows N
     * @param dimension D
     * @param config of the run; a state of another one is refused
     * @param data a number that tells the vectors apart from others of the same sizes, such as a checksum
     */
    public KMeansFile(Path file, int rows, int dimension, KMeansConfig config, long data) {
        this.file = file;
        this.rows = rows;
        this.dimension = dimension;
        this.config = config;
        this.data = data;
    }

    /** What must be equal for a run to go on. */
    private long identity() {
        // the number of iterations may be raised for a run that has ended
        long hash = Objects.hash(rows, dimension, config.clusters(), config.settled(), config.batch(), config.seed());
        return hash << 32 ^ data;
    }

    @Override
    public Optional<KMeansState> load() throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 20))) {
            if (in.readLong() != MAGIC) {
                throw new IOException("%s: is not a state of k-means as this dino4j writes it".formatted(file));
            }
            if (in.readLong() != identity()) {
                throw new IOException(
                        "%s: is the state of k-means on other vectors or with other settings; delete it, or name another"
                                .formatted(file));
            }
            return Optional.of(read(in));
        } catch (EOFException e) {
            throw new IOException("%s: ends early; delete it".formatted(file), e);
        }
    }

    private KMeansState read(DataInputStream in) throws IOException {
        int iteration = in.readInt();
        float[] centroids = new float[length(in, Math.multiplyExact(config.clusters(), dimension), false)];
        for (int i = 0; i < centroids.length; i++) {
            centroids[i] = in.readFloat();
        }
        int[] assignment = new int[length(in, rows, true)];
        for (int i = 0; i < assignment.length; i++) {
            assignment[i] = in.readInt();
        }
        long[] sums = new long[length(in, centroids.length, true)];
        for (int i = 0; i < sums.length; i++) {
            sums[i] = in.readLong();
        }
        double[] objective = new double[length(in, iteration, false)];
        for (int i = 0; i < objective.length; i++) {
            objective[i] = in.readDouble();
        }
        return new KMeansState(iteration, centroids, assignment, sums, objective);
    }

    private int length(DataInputStream in, int wanted, boolean orNone) throws IOException {
        int length = in.readInt();
        if (length != wanted && !(orNone && length == 0)) {
            throw new IOException("%s: is damaged; delete it".formatted(file));
        }
        return length;
    }

    @Override
    public void save(KMeansState state) throws IOException {
        Durable.write(file, draft -> {
            try (DataOutputStream out =
                    new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(draft), 1 << 20))) {
                out.writeLong(MAGIC);
                out.writeLong(identity());
                write(state, out);
            }
        });
    }

    private static void write(KMeansState state, DataOutputStream out) throws IOException {
        out.writeInt(state.iteration());
        out.writeInt(state.centroids().length);
        for (float x : state.centroids()) {
            out.writeFloat(x);
        }
        out.writeInt(state.assignment().length);
        for (int x : state.assignment()) {
            out.writeInt(x);
        }
        out.writeInt(state.sums().length);
        for (long x : state.sums()) {
            out.writeLong(x);
        }
        out.writeInt(state.objective().length);
        for (double x : state.objective()) {
            out.writeDouble(x);
        }
    }
}
