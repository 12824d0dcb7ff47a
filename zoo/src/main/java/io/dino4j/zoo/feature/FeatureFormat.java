package io.dino4j.zoo.feature;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How parts and the final file look. Everything is written into drafts, which the store gives their names. */
sealed interface FeatureFormat permits ParquetFormat, ArrayFormat {
    /**
     * The format of a file, by its extension.
     *
     * @throws IllegalArgumentException naming the three there are
     */
    static FeatureFormat of(Path out) {
        String name =
                out.getFileName() == null ? "" : out.getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".parquet")) {
            return new ParquetFormat();
        }
        if (name.endsWith(".npy")) {
            return new ArrayFormat(ArrayFormat.Container.NPY);
        }
        if (name.endsWith(".safetensors")) {
            return new ArrayFormat(ArrayFormat.Container.SAFETENSORS);
        }
        throw new IllegalArgumentException(
                "%s: features go to a file whose name ends in .parquet, .npy or .safetensors".formatted(out));
    }

    /** One array holds all images: their grids must be equal. */
    boolean needsEqualGrids();

    /** Endings of the files of one part, in the order of the drafts given to {@link #writePart}. */
    List<String> endings();

    /** The final files, in the order of the drafts given to {@link #assemble}; {@code out} is the last. */
    List<Path> results(Path out);

    /**
     * Writes rows.
     *
     * @param drafts one file for each ending
     * @param rows at least one
     * @param firstRow number of the first row in the final file
     */
    void writePart(List<Path> drafts, FeatureLayout layout, List<FeatureRow> rows, long firstRow) throws IOException;

    /**
     * Joins all parts, one open at a time.
     *
     * @param drafts one file for each result
     */
    void assemble(
            List<Path> drafts, PartFolder parts, Totals totals, FeatureLayout layout, Map<String, String> settings)
            throws IOException;

    /**
     * What all parts together hold.
     *
     * @param parts number of parts
     * @param position images of the listing that are dealt with
     * @param rows images with features
     * @param grid of all images
     */
    record Totals(int parts, long position, long rows, Grid grid) {
        static final Totals NONE = new Totals(0, 0, 0, Grid.UNKNOWN);

        Totals with(PartIndex part) {
            return new Totals(
                    parts + 1, part.upTo(), rows + part.rows(), grid.equals(Grid.UNKNOWN) ? part.grid() : grid);
        }
    }

    /** A grid of patches. */
    record Grid(int height, int width) {
        /** Before the first image, and where grids may differ. */
        static final Grid UNKNOWN = new Grid(0, 0);

        static Grid of(FeatureRow row) {
            return new Grid(row.gridHeight(), row.gridWidth());
        }

        long patches() {
            return (long) height * width;
        }
    }
}
