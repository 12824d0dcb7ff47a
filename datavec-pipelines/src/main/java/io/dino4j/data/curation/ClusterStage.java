package io.dino4j.data.curation;

import io.dino4j.data.Progress;
import io.dino4j.data.file.Durable;
import io.dino4j.data.page.Page;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.vector.Blocks;
import io.dino4j.data.vector.ClusterQuality;
import io.dino4j.data.vector.Clustering;
import io.dino4j.data.vector.HierarchicalKMeans;
import io.dino4j.data.vector.Hierarchy;
import io.dino4j.data.vector.HierarchyConfig;
import io.dino4j.data.vector.KMeans;
import io.dino4j.data.vector.KMeansConfig;
import io.dino4j.data.vector.KMeansFile;
import io.dino4j.data.vector.LabelAgreement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Clusters of embedded images: k-means on cosine distance, and clusters of clusters above it.
 *
 * @param embeddings the images
 * @param config of the lowest level
 * @param levels 1 or more, each with a tenth of the clusters of the one below; from 2 each is made again from the images nearest to its centroids, so
 *     that centroids spread over all that there is and not over what there is most of
 */
public record ClusterStage(EmbeddingSet embeddings, KMeansConfig config, int levels) {
    /** Setting that tells the number of clusters. */
    static final String CLUSTERS = "clusters";

    private static final String ITERATIONS = "iterations.bin";

    /** Images that the silhouette is taken of. */
    private static final int SILHOUETTE = 2000;

    /** Clusters, if nobody says how many: about the square root of the images, and no more than these. */
    private static final int MOST_USUAL = 1000;

    /** Clusters shown in a report, and images of each. */
    private static final int SHOWN = 24;

    private static final int SHOWN_IMAGES = 6;

    /**
     * Clusters that so many images usually make: about the square root of their number, 1,000 at most.
     *
     * @param images from 1
     */
    public static int usual(int images) {
        return Math.max(1, Math.min(MOST_USUAL, (int) Math.round(Math.sqrt(images))));
    }

    /** Checks the number of clusters. */
    public ClusterStage {
        if (config.clusters() > embeddings.size()) {
            throw new IllegalArgumentException("%s: %d images do not make %d clusters; ask for fewer"
                    .formatted(embeddings.folder(), embeddings.size(), config.clusters()));
        }
        if (levels < 1) {
            throw new IllegalArgumentException("levels of clusters must be 1 or more, got " + levels);
        }
        if (levels > 1 && config.batch() > 0) {
            throw new IllegalArgumentException("clusters of several levels are made of all images, not of batches");
        }
    }

    /**
     * Makes the clusters.
     *
     * @param out folder of the clusters
     * @param blocks who works
     * @param force replace clusters of other settings
     * @param progress told of iterations
     * @throws IllegalArgumentException if there is something of other settings
     * @throws IOException if it cannot be written
     */
    public ClusterSet run(Path out, BlocksOf blocks, boolean force, Progress progress) throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("embeddings_sha256", embeddings.fingerprint());
        settings.put(CLUSTERS, Integer.toString(config.clusters()));
        settings.put("iterations", Integer.toString(config.iterations()));
        settings.put("settled", Double.toString(config.settled()));
        settings.put("batch", Integer.toString(config.batch()));
        settings.put("levels", Integer.toString(levels));
        settings.put("seed", Long.toString(config.seed()));
        StageFolder.make(out, settings, force, progress, draft -> fill(draft, blocks, progress));
        return ClusterSet.open(out);
    }

    private void fill(Path draft, BlocksOf blocks, Progress progress) throws IOException {
        Path saved = StageFolder.work(draft, "k-means").resolve(ITERATIONS);
        Blocks rows = blocks.of(embeddings);
        Hierarchy hierarchy = cluster(rows, saved, progress);
        Clustering found = hierarchy.lowest();
        ClusterSet.write(hierarchy, draft);
        embeddings.images().write(draft.resolve(EmbeddingSet.IMAGES));
        int[][] nearest = nearest(found);
        Durable.write(draft.resolve("clusters.csv"), table(found, nearest));
        StageSummary summary = summary(found, ClusterQuality.of(found, rows, SILHOUETTE, config.seed()));
        summary.write(draft);
        page(summary, found, nearest).write(draft.resolve("report.html"));
    }

    private Hierarchy cluster(Blocks rows, Path saved, Progress progress) throws IOException {
        HierarchyConfig upper = HierarchyConfig.of(config.clusters(), levels, config.seed());
        HierarchyConfig all = new HierarchyConfig(upper.levels(), upper.steps(), upper.seed(), config.iterations());
        KMeansConfig first = levels == 1 ? config : HierarchicalKMeans.first(all);
        long data = Long.parseUnsignedLong(embeddings.fingerprint().substring(0, 16), 16);
        KMeansFile kept = new KMeansFile(saved, rows.size(), rows.dimension(), first, data);
        return levels == 1
                ? new Hierarchy(List.of(new KMeans(config, kept, progress).cluster(rows)))
                : new HierarchicalKMeans(all, kept, progress).cluster(rows);
    }

    private StageSummary summary(Clustering found, ClusterQuality quality) {
        ClusterSizes sizes = new ClusterSizes(found.counts());
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("clusters", found.clusters());
        values.put("clusters_used", sizes.used());
        values.put("levels", levels);
        values.put("settled", found.settled());
        values.put("mean_similarity", quality.meanSimilarity());
        values.put("silhouette", quality.silhouette());
        values.put("evenness", quality.entropy());
        values.put("gini", quality.gini());
        values.put("share_of_largest_tenth", sizes.topTenth());
        labels().ifPresent(labels -> {
            LabelAgreement agreement = LabelAgreement.of(found.assignment(), labels);
            values.put("purity", agreement.purity());
            values.put("nmi", agreement.nmi());
        });
        return new StageSummary("cluster", found.size(), found.size(), values);
    }

    /** Classes of the images by number, if all have one. */
    private Optional<int[]> labels() {
        Map<String, Integer> numbers = new HashMap<>();
        int[] labels = new int[embeddings.size()];
        for (int i = 0; i < labels.length; i++) {
            String label = embeddings.images().label(i);
            if (label.isEmpty()) {
                return Optional.empty();
            }
            labels[i] = numbers.computeIfAbsent(label, l -> numbers.size());
        }
        return Optional.of(labels);
    }

    /** For each cluster the rows nearest to its centre, nearest first. */
    private static int[][] nearest(Clustering found) {
        int[][] nearest = new int[found.clusters()][];
        int[] filled = new int[found.clusters()];
        for (int c = 0; c < nearest.length; c++) {
            nearest[c] = new int[Math.min(SHOWN_IMAGES, found.counts()[c])];
        }
        float[] similarity = found.similarity();
        for (int i = 0; i < found.size(); i++) {
            int c = found.assignment()[i];
            int at = filled[c];
            while (at > 0 && similarity[i] > similarity[nearest[c][at - 1]]) {
                at--;
            }
            if (at < nearest[c].length) {
                int last = Math.min(filled[c], nearest[c].length - 1);
                System.arraycopy(nearest[c], at, nearest[c], at + 1, last - at);
                nearest[c][at] = i;
                filled[c] = last + 1;
            }
        }
        return nearest;
    }

    private String table(Clustering found, int[][] nearest) {
        double[] sums = new double[found.clusters()];
        for (int i = 0; i < found.size(); i++) {
            sums[found.assignment()[i]] += found.similarity()[i];
        }
        ImageSource source = embeddings.source();
        StringBuilder csv = new StringBuilder("cluster,images,mean_similarity,nearest_row,nearest_image\n");
        for (int c = 0; c < found.clusters(); c++) {
            int n = found.counts()[c];
            csv.append(c).append(',').append(n).append(',');
            if (n > 0) {
                csv.append(String.format(Locale.ROOT, "%.5f,", sums[c] / n))
                        .append(nearest[c][0])
                        .append(',')
                        .append(Csv.quoted(source.name(nearest[c][0])))
                        .append('\n');
            } else {
                csv.append(",,\n");
            }
        }
        return csv.toString();
    }

    private Page page(StageSummary summary, Clustering found, int[][] nearest) {
        Page page = new Page("Clusters of " + embeddings.folder().getFileName());
        page.paragraph("%d images in %d clusters.".formatted(found.size(), found.clusters()));
        summary.addTo(page);
        new ClusterSizes(found.counts()).addTo(page, "images");
        sheet(found.counts(), nearest).addTo(page);
        return page;
    }

    /** The largest clusters, and the images nearest to their centres. */
    private Sheet sheet(int[] counts, int[][] nearest) {
        List<Integer> order = new ArrayList<>();
        for (int c = 0; c < counts.length; c++) {
            order.add(c);
        }
        order.sort((a, b) -> counts[b] != counts[a] ? Integer.compare(counts[b], counts[a]) : Integer.compare(a, b));
        List<Sheet.Group> groups = new ArrayList<>();
        ImageSource source = embeddings.source();
        for (int c : order.subList(0, Math.min(SHOWN, order.size()))) {
            if (counts[c] > 0) {
                List<Sheet.Picture> pictures = new ArrayList<>();
                for (int row : nearest[c]) {
                    pictures.add(new Sheet.Picture(source, row, ""));
                }
                groups.add(new Sheet.Group("cluster %d, %d images".formatted(c, counts[c]), pictures));
            }
        }
        return new Sheet("Largest clusters", "Images nearest to the centre, nearest first.", groups);
    }
}
