package io.dino4j.data.vector;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * Spherical k-means: clusters of rows of length 1 by cosine similarity; a centroid is the sum of its rows, scaled to length 1. The result
 * has the same bits on any number of threads or machines.
 *
 * @see <a href="https://doi.org/10.1023/A:1007612920971">Dhillon and Modha, 2001</a>, and for batches
 *     <a href="https://doi.org/10.1145/1772690.1772862">Sculley, 2010</a>
 */
public final class KMeans {
    private final KMeansConfig config;
    private final KMeansCheckpoint checkpoint;
    private final Progress progress;

    /**
     * Without checkpoints.
     *
     * @param config how
     * @param progress is told of iterations
     */
    public KMeans(KMeansConfig config, Progress progress) {
        this(config, KMeansCheckpoint.NONE, progress);
    }

    /**
     * With checkpoints.
     *
     * @param config how
     * @param checkpoint is handed the state after each iteration, and asked for it at the start
     * @param progress is told of iterations
     */
    public KMeans(KMeansConfig config, KMeansCheckpoint checkpoint, Progress progress) {
        this.config = config;
        this.checkpoint = checkpoint;
        this.progress = progress;
    }

    /**
     * Clusters rows.
     *
     * @param rows {@code [N, D]} of length 1
     * @throws IllegalArgumentException if there are fewer rows than clusters, or one is not of length 1
     * @throws IOException if the checkpoint cannot be read or written
     */
    public Clustering cluster(Blocks rows) throws IOException {
        requireRows(rows);
        Optional<KMeansState> earlier = checkpoint.load();
        KMeansState start = earlier.isPresent() ? earlier.get() : start(rows, Seeding.centroids(rows, config));
        return run(rows, start);
    }

    /**
     * Clusters rows from given centroids.
     *
     * @param rows {@code [N, D]} of length 1
     * @param centroids {@code [K, D]} of length 1, to begin with; not changed
     * @throws IllegalArgumentException if there are fewer rows than clusters, or one is not of length 1
     * @throws IOException if the checkpoint cannot be read or written
     */
    public Clustering cluster(Blocks rows, float[] centroids) throws IOException {
        requireRows(rows);
        if (centroids.length != config.clusters() * rows.dimension()) {
            throw new IllegalArgumentException("%d clusters of %d numbers cannot begin with %d numbers"
                    .formatted(config.clusters(), rows.dimension(), centroids.length));
        }
        Optional<KMeansState> earlier = checkpoint.load();
        return run(rows, earlier.isPresent() ? earlier.get() : start(rows, centroids));
    }

    private void requireRows(Blocks rows) {
        if (config.clusters() > rows.size()) {
            throw new IllegalArgumentException("%d vectors cannot make %d clusters; ask for at most as many"
                    .formatted(rows.size(), config.clusters()));
        }
    }

    private KMeansState start(Blocks rows, float[] centroids) {
        int sums = config.batch() > 0 ? config.clusters() * rows.dimension() : 0;
        return new KMeansState(0, centroids, new int[0], new long[sums], new double[0]);
    }

    private Clustering run(Blocks rows, KMeansState start) throws IOException {
        progress.begin("k-means", start.iteration(), config.iterations());
        Clustering result = config.batch() > 0 ? batches(rows, start) : full(rows, start);
        progress.end();
        return result;
    }

    private Clustering full(Blocks rows, KMeansState start) throws IOException {
        KMeansState state = start;
        while (true) {
            Pass pass = Pass.over(rows, state.centroids());
            double[] objective = appended(state.objective(), pass.distance());
            boolean settled =
                    state.assignment().length > 0 && pass.moved(state.assignment()) <= config.settled() * rows.size();
            if (settled || state.iteration() == config.iterations()) {
                return pass.clustering(rows.dimension(), state.centroids(), objective, settled);
            }
            float[] moved = pass.centroids(rows, state.centroids());
            state = new KMeansState(state.iteration() + 1, moved, pass.cluster(), new long[0], objective);
            checkpoint.save(state);
            progress.advance(state.iteration(), Map.of("distance", pass.distance()));
        }
    }

    /** Every batch is added to the sums of all before: a centroid is the mean direction of all rows ever drawn for it. */
    private Clustering batches(Blocks rows, KMeansState start) throws IOException {
        Seed seed = new Seed(config.seed()).derive("k-means batches");
        KMeansState state = start;
        while (state.iteration() < config.iterations()) {
            int[] drawn = Sample.of(rows.size(), config.batch(), seed.at(state.iteration(), 0));
            Blocks batch = LocalBlocks.of(new ArrayVectors(RowsTask.fetch(rows, drawn), rows.dimension()));
            Pass pass = Pass.over(batch, state.centroids());
            long[] sums = state.sums().clone();
            for (int i = 0; i < sums.length; i++) {
                sums[i] += pass.sums()[i];
            }
            float[] moved = Pass.directions(sums, state.centroids(), rows.dimension());
            double[] objective = appended(state.objective(), pass.distance());
            state = new KMeansState(state.iteration() + 1, moved, new int[0], sums, objective);
            checkpoint.save(state);
            progress.advance(state.iteration(), Map.of("distance", pass.distance()));
        }
        Pass last = Pass.over(rows, state.centroids());
        return last.clustering(
                rows.dimension(), state.centroids(), appended(state.objective(), last.distance()), false);
    }

    private static double[] appended(double[] list, double value) {
        double[] longer = Arrays.copyOf(list, list.length + 1);
        longer[list.length] = value;
        return longer;
    }
}
