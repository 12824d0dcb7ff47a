package io.dino4j.data.curation;

import io.dino4j.data.page.BarChart;
import io.dino4j.data.page.Page;
import io.dino4j.data.vector.ClusterQuality;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * How evenly images lie over clusters.
 *
 * @param sizes images of each cluster, K of them
 */
public record ClusterSizes(int[] sizes) {

    /** Returns the number of images. */
    public long images() {
        return Arrays.stream(sizes).asLongStream().sum();
    }

    /** Returns the images of the largest cluster. */
    public int largest() {
        return Arrays.stream(sizes).max().orElse(0);
    }

    /** Returns the clusters that hold an image. */
    public int used() {
        return (int) Arrays.stream(sizes).filter(s -> s > 0).count();
    }

    /**
     * Entropy of the cluster of an image, as a share of its largest value, ln K: 1 if all clusters are equally large, 0 if one holds everything.
     */
    public double evenness() {
        return ClusterQuality.entropy(sizes);
    }

    /** Returns the share of all images that the largest tenth of the clusters holds. */
    public double topTenth() {
        int[] sorted = sizes.clone();
        Arrays.sort(sorted);
        int tenth = (sizes.length + 9) / 10;
        long top = Arrays.stream(sorted, sizes.length - tenth, sizes.length)
                .asLongStream()
                .sum();
        return images() == 0 ? 0 : (double) top / images();
    }

    /**
     * Adds a histogram of the sizes to a page, beside another one: clusters by the power of two that their size is in.
     *
     * @param name of these sizes
     * @param other sizes of the same clusters
     * @param otherName of those
     */
    public void addTo(Page page, String name, ClusterSizes other, String otherName) {
        addTo(page, List.of(name, otherName), List.of(this, other));
    }

    /** Adds a histogram of the sizes to a page: clusters by the power of two that their size is in. */
    public void addTo(Page page, String name) {
        addTo(page, List.of(name), List.of(this));
    }

    private static void addTo(Page page, List<String> names, List<ClusterSizes> all) {
        List<double[]> counts = all.stream().map(ClusterSizes::powers).toList();
        int n = counts.stream().mapToInt(c -> c.length).max().orElseThrow();
        List<String> labels = new ArrayList<>();
        for (int p = 0; p < n; p++) {
            labels.add(p == 0 ? "0" : p == 1 ? "1" : (1 << (p - 1)) + " to " + ((1 << p) - 1));
        }
        List<BarChart.Series> series = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            series.add(new BarChart.Series(names.get(i), Arrays.copyOf(counts.get(i), n)));
            rows.add(all.get(i).row(names.get(i)));
        }
        page.heading("Sizes of clusters")
                .html(new BarChart("clusters by number of images", labels, series).html())
                .html("<p></p>")
                .table(List.of("", "images", "clusters used", "evenness", "in the largest tenth"), rows);
    }

    private List<String> row(String name) {
        return List.of(
                name,
                Long.toString(images()),
                used() + " of " + sizes.length,
                String.format(Locale.ROOT, "%.3f", evenness()),
                String.format(Locale.ROOT, "%.1f %%", 100 * topTenth()));
    }

    /** Number of clusters of size 0, then 1, then 2 to 3, 4 to 7 and so on. */
    private double[] powers() {
        IntStream empty = IntStream.of(sizes.length - used());
        return IntStream.concat(empty, Arrays.stream(ClusterQuality.histogram(sizes)))
                .asDoubleStream()
                .toArray();
    }
}
