package io.dino4j.data.vector;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Hierarchical k-means with resampling: each level clusters the centroids of the level below. A level is then clustered again, several
 * times, from only the rows nearest to each centroid, which spreads the centroids over all the data covers rather than where most of it
 * lies.
 *
 * @see <a href="https://arxiv.org/abs/2405.15613">Automatic Data Curation for Self-Supervised Learning</a>
 */
public final class HierarchicalKMeans {
    private final HierarchyConfig config;
    private final KMeansCheckpoint checkpoint;
    private final Progress progress;

    /**
     * Hierarchical k-means.
     *
     * @param config levels
     * @param checkpoint of the first k-means, which goes over all rows and takes nearly all the time
     * @param progress is told of iterations
     */
    public HierarchicalKMeans(HierarchyConfig config, KMeansCheckpoint checkpoint, Progress progress) {
        this.config = config;
        this.checkpoint = checkpoint;
        this.progress = progress;
    }

    /** The k-means that goes over all rows. */
    public static KMeansConfig first(HierarchyConfig config) {
        return kMeans(config, 0, -1);
    }

    /**
     * Clusters rows, and clusters clusters.
     *
     * @param rows {@code [N, D]} of length 1
     * @return as many levels as configured
     * @throws IllegalArgumentException if a level has fewer rows than clusters, or a row is not of length 1
     * @throws IOException if the checkpoint cannot be read or written
     */
    public Hierarchy cluster(Blocks rows) throws IOException {
        List<Clustering> levels = new ArrayList<>();
        Blocks below = rows;
        for (int l = 0; l < config.levels().size(); l++) {
            Clustering level = level(below, l);
            levels.add(level);
            below = LocalBlocks.of(new ArrayVectors(level.centroids(), level.dimension()));
        }
        return new Hierarchy(levels);
    }

    private Clustering level(Blocks rows, int l) throws IOException {
        KMeansCheckpoint kept = l == 0 ? checkpoint : KMeansCheckpoint.NONE;
        Clustering now = new KMeans(kMeans(config, l, -1), kept, progress).cluster(rows);
        for (int step = 0; step < config.steps(); step++) {
            int[] near = nearest(now, config.levels().get(l).nearest());
            if (near.length <= now.clusters()) { // nothing to choose from
                return now;
            }
            Blocks few = LocalBlocks.of(new ArrayVectors(RowsTask.fetch(rows, near), rows.dimension()));
            Clustering again = new KMeans(kMeans(config, l, step), Progress.SILENT).cluster(few);
            now = Pass.over(rows, again.centroids())
                    .clustering(rows.dimension(), again.centroids(), again.objective(), again.settled());
        }
        return now;
    }

    private static KMeansConfig kMeans(HierarchyConfig config, int level, int step) {
        long seed = new Seed(config.seed())
                .derive("level " + level)
                .derive("step " + step)
                .root();
        return KMeansConfig.of(config.levels().get(level).clusters(), seed).withIterations(config.iterations());
    }

    /** The r rows most similar to the centroid of each cluster, of equals the first; ascending. */
    private static int[] nearest(Clustering c, int r) {
        Members members = Members.of(c);
        return IntStream.range(0, c.clusters())
                .mapToObj(members::nearestFirst)
                .flatMapToInt(rows -> IntStream.of(rows).limit(r))
                .sorted()
                .toArray();
    }
}
