package io.dino4j.data.curation;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.file.Durable;
import io.dino4j.data.page.Page;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.Manifest;
import io.dino4j.data.vector.ArrayVectors;
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.LocalBlocks;
import io.dino4j.data.vector.Neighbors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Takes from a pool what is like curated images, and writes a set to learn from: a folder with {@code images.parquet}, {@code retrieved.csv} (what each
 * image was taken for), {@code summary.json} and {@code report.html}.
 *
 * @param curated images of the kind that is wanted
 * @param pool images to choose from, with vectors of the same embedder
 * @param clusters of the pool, to draw from or to report the balance over
 * @param rule what is taken
 * @param most images taken in all, 1 or more
 * @param withCurated whether the curated images are part of the result, before those that were taken
 */
public record RetrievalStage(
        EmbeddingSet curated,
        EmbeddingSet pool,
        ClusterSet clusters,
        RetrievalRule rule,
        int most,
        boolean withCurated) {
    /** Candidates for each image wanted, to make up for those that are nearer to another curated image. */
    private static final int CANDIDATES = 4;

    private static final int SHOWN = 24;
    private static final int SHOWN_IMAGES = 6;

    /** Checks that vectors and clusters belong together. */
    public RetrievalStage {
        curated.requireComparable(pool);
        if (clusters.images().size() != pool.size()) {
            throw new IllegalArgumentException("%s has clusters of %d images, %s has %d; cluster it again"
                    .formatted(clusters.folder(), clusters.images().size(), pool.folder(), pool.size()));
        }
        if (most < 1) {
            throw new IllegalArgumentException("the most images to take must be 1 or more, got " + most);
        }
    }

    /**
     * Takes the images.
     *
     * @param out folder of the result
     * @param blocks who searches
     * @param force replace a result of other settings
     * @param progress told of the search
     * @return what became of it
     * @throws IllegalArgumentException if nothing at all is taken, or there is something of other settings
     * @throws IOException if it cannot be written
     */
    public StageSummary run(Path out, BlocksOf blocks, boolean force, Progress progress) throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("curated_sha256", curated.fingerprint());
        settings.put("pool_sha256", pool.fingerprint());
        settings.put("clusters_sha256", clusters.fingerprint());
        settings.put("rule", rule.toString());
        settings.put("most", Integer.toString(most));
        settings.put("with_curated", Boolean.toString(withCurated));
        StageFolder.make(out, settings, force, progress, draft -> fill(draft, blocks, progress));
        return StageSummary.of(out);
    }

    private void fill(Path draft, BlocksOf blocks, Progress progress) throws IOException {
        int[] nearestCluster = nearestClusters();
        Retrieval taken;
        if (rule instanceof RetrievalRule.PerImage each) {
            int k = Math.min(pool.size(), Math.multiplyExact(CANDIDATES, each.images()));
            Neighbors near = new SavedNeighbors(StageFolder.work(draft, "pool"), new ExactNeighbors(blocks.of(pool), k))
                    .of(curated.vectors(), progress);
            taken = Retrieval.perImage(near, pool.size(), each.images(), each.least(), most);
        } else {
            RetrievalRule.PerCluster each = (RetrievalRule.PerCluster) rule;
            taken = Retrieval.perCluster(
                    nearestCluster,
                    clusters.lowest().assignment(),
                    clusters.lowest().similarity(),
                    clusters.lowest().clusters(),
                    each.images(),
                    each.leastCurated(),
                    most,
                    new Seed(each.seed()).derive("retrieval"));
        }
        if (taken.size() == 0) {
            throw new IllegalArgumentException(
                    "nothing of %s is taken: %s".formatted(pool.folder(), whyNothing(nearestCluster)));
        }
        manifest(taken).write(draft.resolve(EmbeddingSet.IMAGES));
        Durable.write(draft.resolve("retrieved.csv"), table(taken));
        int[] sizes = new int[clusters.lowest().clusters()];
        for (int row : taken.rows()) {
            sizes[clusters.lowest().assignment()[row]]++;
        }
        ClusterSizes after = new ClusterSizes(sizes);
        summary(taken, after).write(draft);
        page(taken, after).write(draft.resolve("report.html"));
    }

    private String whyNothing(int[] nearestCluster) {
        if (rule instanceof RetrievalRule.PerCluster each) {
            int largest = new ClusterSizes(Retrieval.histogram(
                            nearestCluster, clusters.lowest().clusters()))
                    .largest();
            return "no cluster holds %d curated images or more, the most is %d".formatted(each.leastCurated(), largest);
        }
        return "no image is as near as asked for";
    }

    /** Which cluster of the pool each curated image falls into. */
    private int[] nearestClusters() {
        return new ExactNeighbors(
                        LocalBlocks.of(new ArrayVectors(
                                clusters.lowest().centroids(), clusters.lowest().dimension())),
                        1)
                .of(curated.vectors(), Progress.SILENT)
                .index();
    }

    private Manifest manifest(Retrieval taken) {
        Manifest.Builder rows = Manifest.builder();
        for (int i = 0; withCurated && i < curated.size(); i++) {
            rows.add(curated.images().row(i));
        }
        for (int row : taken.rows()) {
            rows.add(pool.images().row(row));
        }
        return rows.build();
    }

    private boolean isPerImage() {
        return rule instanceof RetrievalRule.PerImage;
    }

    private String table(Retrieval taken) {
        ImageSource from = pool.source();
        ImageSource to = curated.source();
        StringBuilder csv = new StringBuilder(
                "row,image,%s,similarity,cluster\n".formatted(isPerImage() ? "curated" : "cluster_of"));
        for (int i = 0; i < taken.size(); i++) {
            int row = taken.rows()[i];
            csv.append(row)
                    .append(',')
                    .append(Csv.quoted(from.name(row)))
                    .append(',')
                    .append(Csv.quoted(isPerImage() ? to.name(taken.because()[i]) : "" + taken.because()[i]))
                    .append(',')
                    .append(String.format(Locale.ROOT, "%.5f", taken.similarity()[i]))
                    .append(',')
                    .append(clusters.lowest().assignment()[row])
                    .append('\n');
        }
        return csv.toString();
    }

    private StageSummary summary(Retrieval taken, ClusterSizes after) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("curated", curated.size());
        values.put("retrieved", taken.size());
        int added = withCurated ? curated.size() : 0;
        values.put(StageSummary.ADDED, added);
        if (rule instanceof RetrievalRule.PerImage each) {
            values.put("wanted", Math.min(most, (long) each.images() * curated.size()));
        }
        values.put("clusters_used", after.used());
        values.put("clusters", clusters.lowest().clusters());
        values.put("evenness_of_pool", clusters.sizes().evenness());
        values.put("evenness", after.evenness());
        return new StageSummary("retrieve", pool.size(), taken.size() + added, values);
    }

    private Page page(Retrieval taken, ClusterSizes after) {
        Page page = new Page("Images retrieved from " + pool.folder().getFileName());
        page.paragraph(
                "%d of %d images were taken for %d curated ones.".formatted(taken.size(), pool.size(), curated.size()));
        clusters.sizes().addTo(page, "pool", after, "retrieved");
        sheet(taken).addTo(page);
        return page;
    }

    /** Curated images, or clusters, spread over all, with what was taken for them. */
    private Sheet sheet(Retrieval taken) {
        Map<Integer, List<Integer>> groups = new LinkedHashMap<>();
        int reasons = isPerImage() ? curated.size() : clusters.lowest().clusters();
        int every = Math.max(1, reasons / SHOWN);
        for (int i = 0; i < taken.size(); i++) {
            if (taken.because()[i] % every == 0) {
                groups.computeIfAbsent(taken.because()[i], b -> new ArrayList<>())
                        .add(i);
            }
        }
        ImageSource from = pool.source();
        ImageSource to = curated.source();
        List<Sheet.Group> shown = new ArrayList<>();
        groups.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .limit(SHOWN)
                .forEach(group -> {
                    List<Sheet.Picture> pictures = new ArrayList<>();
                    if (isPerImage()) {
                        pictures.add(new Sheet.Picture(to, group.getKey(), "curated"));
                    }
                    group.getValue().stream()
                            .sorted((a, b) -> Float.compare(taken.similarity()[b], taken.similarity()[a]))
                            .limit(SHOWN_IMAGES)
                            .forEach(i -> pictures.add(
                                    new Sheet.Picture(from, taken.rows()[i], Sheet.similarity(taken.similarity()[i]))));
                    shown.add(new Sheet.Group(
                            isPerImage() ? "a curated image and what was taken for it" : "cluster " + group.getKey(),
                            pictures));
                });
        return new Sheet(
                "Retrieved images",
                isPerImage()
                        ? "The curated image is framed; those taken for it follow, most similar first."
                        : "Images drawn from clusters that hold curated images.",
                shown);
    }
}
