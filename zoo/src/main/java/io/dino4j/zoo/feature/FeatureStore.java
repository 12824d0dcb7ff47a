package io.dino4j.zoo.feature;

import io.dino4j.zoo.feature.FeatureFormat.Grid;
import io.dino4j.zoo.feature.FeatureFormat.Totals;
import io.dino4j.zoo.feature.FeatureLayout.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Features on their way into one file. They are stored in parts, in the folder {@code NAME.parts} beside the file {@code NAME}, each part
 * whole or not at all, and joined at the end; a process that ends before, in whatever way, loses the part it was writing and nothing else.
 * Memory is needed for one part and for some hundred bytes each part at the end.
 *
 * <p>By the extension of the file:
 *
 * <ul>
 *   <li>{@code .parquet}: columns {@code path}, {@code width}, {@code height}, {@code features}; {@code grid_height} and
 *       {@code grid_width} before the latter if these are patches. The settings are key-value metadata. Each part becomes a row group.
 *   <li>{@code .npy}: float32 {@code [N, F]} or {@code [N, n, D]}, in C order. {@code NAME.csv} tells the {@code row}, {@code path},
 *       {@code width} and {@code height} of each image.
 *   <li>{@code .safetensors}: the same as a tensor {@code features}, with the settings as metadata, and the same {@code NAME.csv}.
 * </ul>
 *
 * <p>For one thread.
 */
public final class FeatureStore implements AutoCloseable {
    private final Path out;
    private final FeatureFormat format;
    private final FeatureLayout layout;
    private final Map<String, String> settings;
    private final PartFolder parts;

    private Totals totals = Totals.NONE;
    private boolean open = true;

    private FeatureStore(
            Path out, FeatureFormat format, FeatureLayout layout, Map<String, String> settings, PartFolder parts) {
        this.out = out;
        this.format = format;
        this.layout = layout;
        this.settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        this.parts = parts;
    }

    /**
     * A new store, or one that was interrupted, to go on with.
     *
     * @param out the final file; its folder is made if need be
     * @param layout what the rows hold
     * @param settings all that must be equal to go on with an interrupted run, name to text, in order; also the metadata of the result
     * @param restart drop what an interrupted run has stored
     * @param force replace a finished file, which stays what it is until {@link #finish()}
     * @throws IllegalArgumentException if the extension is none of the three, a finished file is there without {@code force}, or an
     *     interrupted run had other settings
     * @throws IOException if another run writes to the same file, the folder of parts is damaged, or it cannot be read or written
     */
    public static FeatureStore open(
            Path out, FeatureLayout layout, Map<String, String> settings, boolean restart, boolean force)
            throws IOException {
        FeatureFormat format = FeatureFormat.of(out);
        Path folder = out.resolveSibling(out.getFileName() + ".parts");
        boolean interrupted = Files.exists(folder.resolve(PartFolder.SETTINGS));
        for (Path result : format.results(out)) {
            if (Files.isDirectory(result)) {
                throw new IllegalArgumentException("%s: is a folder".formatted(result));
            }
            // the table gets its name before the array: a run may have been interrupted between the two
            boolean left = interrupted && !result.equals(out);
            if (Files.exists(result) && !force && !left) {
                throw new IllegalArgumentException("%s: exists already; replace it with --force".formatted(result));
            }
        }
        PartFolder parts = PartFolder.lock(folder, format.endings());
        FeatureStore store = new FeatureStore(out, format, layout, settings, parts);
        try {
            store.begin(restart);
            return store;
        } catch (IOException | RuntimeException e) {
            if (!Files.exists(parts.settings())) {
                parts.remove();
            }
            parts.close();
            throw e;
        }
    }

    private void begin(boolean restart) throws IOException {
        if (restart) {
            parts.clear();
        }
        StoreSettings now = new StoreSettings(layout, settings);
        if (Files.exists(parts.settings())) {
            now.requireEqual(StoreSettings.read(parts.settings()), parts.path());
            totals = parts.recover();
        } else if (parts.recover().parts() > 0) {
            throw PartFolder.damaged(parts.path(), "holds parts, but no " + PartFolder.SETTINGS);
        } else {
            parts.write(parts.settings(), now.toJson());
        }
    }

    /** Position in the listing of images to go on from: all before it are safe on the disk. 0 for a new store. */
    public long position() {
        return totals.position();
    }

    /** Rows that are safe on the disk. */
    public long rows() {
        return totals.rows();
    }

    /**
     * Lines about the unreadable images of all parts so far, in order.
     *
     * @throws IOException if the parts cannot be read
     */
    public List<String> unreadable() throws IOException {
        List<String> lines = new ArrayList<>();
        for (int n = 0; n < totals.parts(); n++) {
            lines.addAll(parts.index(n).unreadable());
        }
        return lines;
    }

    /**
     * Makes one part: when this returns it is safe on the disk. A few MB at a time are best.
     *
     * @param rows of the images from {@link #position()} to {@code upTo}, in order, less those that are unreadable
     * @param unreadable a line for each image that could not be read
     * @param upTo the new {@link #position()}
     * @throws IllegalArgumentException if a row does not have the layout, or, unless the file is {@code .parquet}, has another grid of
     *     patches than those before; nothing is stored then
     * @throws IOException naming the file that cannot be written; what was stored before is safe, and the part can be tried again
     */
    public void append(List<FeatureRow> rows, List<String> unreadable, long upTo) throws IOException {
        requireOpen();
        if (rows.size() > upTo - position()) {
            throw new IllegalArgumentException(
                    "%d rows for the images from %d to %d".formatted(rows.size(), position(), upTo));
        }
        if (upTo == position()) {
            return;
        }
        rows.forEach(layout::require);
        PartIndex index =
                new PartIndex(position(), upTo, rows.size(), gridOf(rows), writeData(rows), List.copyOf(unreadable));
        parts.writeIndex(totals.parts(), index);
        totals = totals.with(index);
    }

    private Grid gridOf(List<FeatureRow> rows) {
        if (layout.kind() == Kind.POOLED || !format.needsEqualGrids()) {
            return Grid.UNKNOWN;
        }
        Grid grid = totals.grid();
        for (FeatureRow row : rows) {
            if (grid.equals(Grid.UNKNOWN)) {
                grid = Grid.of(row);
            }
            if (!grid.equals(Grid.of(row))) {
                throw new IllegalArgumentException(
                        "%s: has a grid of %d x %d patches, but the images before it %d x %d, and one array holds grids of one size; write .parquet, or crop all images to one size"
                                .formatted(row.path(), row.gridHeight(), row.gridWidth(), grid.height(), grid.width()));
            }
        }
        return grid;
    }

    private List<Long> writeData(List<FeatureRow> rows) throws IOException {
        if (rows.isEmpty()) {
            return List.of();
        }
        List<Path> files = parts.data(totals.parts());
        return parts.publish(files, drafts -> format.writePart(drafts, layout, rows, rows()));
    }

    /**
     * Joins the parts to the final file, which then gets its name at once, and removes them. Closes the store.
     *
     * @throws IOException naming the file that cannot be written; the parts are kept, and a file that was there is what it was
     */
    public void finish() throws IOException {
        requireOpen();
        requireSpace();
        parts.publish(format.results(out), drafts -> format.assemble(drafts, parts, totals, layout, settings));
        parts.clear();
        parts.remove();
        open = false;
        parts.close();
    }

    private void requireSpace() throws IOException {
        long bytes = 0;
        for (int n = 0; n < totals.parts(); n++) {
            bytes +=
                    parts.index(n).lengths().stream().mapToLong(Long::longValue).sum();
        }
        long free = Files.getFileStore(parts.path()).getUsableSpace();
        if (bytes > free) {
            throw new IOException("%s: needs %d MB, but %d are free; make room and run again to go on"
                    .formatted(out, bytes >> 20, free >> 20));
        }
    }

    private void requireOpen() {
        if (!open) {
            throw new IllegalStateException("%s: the store is closed".formatted(out));
        }
    }

    /** Frees the file for other runs. The parts stay, so that a later {@link #open} goes on; a store without any leaves nothing. */
    @Override
    public void close() throws IOException {
        if (!open) {
            return;
        }
        open = false;
        if (totals.parts() == 0) {
            parts.clear();
            parts.remove();
        }
        parts.close();
    }
}
