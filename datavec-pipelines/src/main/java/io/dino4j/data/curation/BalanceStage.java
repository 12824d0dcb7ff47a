package io.dino4j.data.curation;

import io.dino4j.data.Progress;
import io.dino4j.data.page.Page;
import io.dino4j.data.vector.BalancedSample;
import io.dino4j.data.vector.BalancedSample.Pick;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Draws images from clusters so that each gives as near as can be the same number, at every level of a hierarchy: a set to learn from without any
 * curated images.
 *
 * @param clusters of the images
 * @param images to draw, 1 or more
 * @param pick which of a cluster
 * @param seed of the draw
 * @see <a href="https://arxiv.org/abs/2405.15613">Automatic Data Curation for Self-Supervised Learning</a>
 */
public record BalanceStage(ClusterSet clusters, int images, Pick pick, long seed) {
    /** Checks the number. */
    public BalanceStage {
        if (images < 1) {
            throw new IllegalArgumentException("images to draw must be 1 or more, got " + images);
        }
    }

    /**
     * Draws the images.
     *
     * @param out folder of the result
     * @param force replace a result of other settings
     * @param progress told if there was nothing to do
     * @return what became of it
     * @throws IllegalArgumentException if there is something of other settings
     * @throws IOException if it cannot be written
     */
    public StageSummary run(Path out, boolean force, Progress progress) throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("clusters_sha256", clusters.fingerprint());
        settings.put("images", Integer.toString(images));
        settings.put("pick", pick.name().toLowerCase(Locale.ROOT));
        settings.put("seed", Long.toString(seed));
        StageFolder.make(out, settings, force, progress, this::fill);
        return StageSummary.of(out);
    }

    private void fill(Path draft) throws IOException {
        int[] rows = BalancedSample.of(clusters.hierarchy(), images, pick, seed);
        clusters.images().select(rows).write(draft.resolve(EmbeddingSet.IMAGES));
        int[] sizes = new int[clusters.lowest().clusters()];
        for (int row : rows) {
            sizes[clusters.lowest().assignment()[row]]++;
        }
        ClusterSizes after = new ClusterSizes(sizes);
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("clusters", sizes.length);
        values.put("clusters_used", after.used());
        values.put("evenness_before", clusters.sizes().evenness());
        values.put("evenness", after.evenness());
        StageSummary summary = new StageSummary("balance", clusters.images().size(), rows.length, values);
        summary.write(draft);
        Page page = new Page("Images drawn from " + clusters.folder().getFileName());
        page.paragraph("%d of %d images, drawn evenly over the clusters.".formatted(summary.out(), summary.in()));
        clusters.sizes().addTo(page, "all", after, "drawn");
        page.write(draft.resolve("report.html"));
    }
}
