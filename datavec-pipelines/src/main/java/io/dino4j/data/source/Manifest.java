package io.dino4j.data.source;

import io.dino4j.data.source.Location.Stretch;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A list of images: where each lies, its size, hash, label and weight. Unchanging; kept by column in about 80 bytes a row and the bytes of
 * the distinct paths, so that tens of millions fit. In a file it is a Parquet table; see docs/data.md for the columns.
 *
 * <pre>{@code
 * Manifest.Builder builder = Manifest.builder();
 * builder.add(new ManifestRow(new Location.WholeFile(file), 640, 480, bytes, sha256, "cat", 1));
 * builder.build().write(Path.of("pool.manifest"));
 * }</pre>
 */
public final class Manifest {
    private final Path base;
    private final Names names;
    private final Names labels;
    private final ManifestColumns columns;

    Manifest(Path base, Names names, Names labels, ManifestColumns columns) {
        this.base = base;
        this.names = names;
        this.labels = labels;
        this.columns = columns;
    }

    /**
     * Reads a manifest. Relative paths in it count from its own folder.
     *
     * @param file a Parquet file of any name
     * @throws IOException if it cannot be read, is damaged or is no manifest: one line naming the file and what is wrong
     */
    public static Manifest read(Path file) throws IOException {
        return ManifestFile.read(file);
    }

    /**
     * Writes the manifest. Equal rows give equal bytes. The file is whole or absent: it is written under another name in the same folder, which
     * is made if need be, and then moved over one that exists. Paths below the file's folder are written relative to it, others absolute.
     *
     * @param file where to
     * @throws IOException if it cannot be written, for instance because the disk is full; one line naming the file
     */
    public void write(Path file) throws IOException {
        ManifestFile.write(this, file);
    }

    /** Returns a collector of rows. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Number of rows.
     *
     * @return from 0
     */
    public int size() {
        return columns.size;
    }

    /**
     * One row.
     *
     * @param i from 0 to {@code size() - 1}
     */
    public ManifestRow row(int i) {
        return new ManifestRow(
                location(i),
                columns.width[i],
                columns.height[i],
                columns.bytes[i],
                columns.hash(i),
                label(i),
                columns.weight[i]);
    }

    /**
     * Where the bytes of an image are.
     *
     * @param i from 0 to {@code size() - 1}
     */
    public Location location(int i) {
        return columns.location(i, base.resolve(name(i)));
    }

    /**
     * Name of the class of an image.
     *
     * @param i from 0 to {@code size() - 1}
     * @return empty if it has none
     */
    public String label(int i) {
        int label = columns.label[i];
        return label == ManifestColumns.NO_LABEL ? "" : labels.get(label);
    }

    /**
     * Some of the rows, in an order of their own; a row may come twice.
     *
     * @param rows positions from 0 to {@code size() - 1}
     * @return a manifest that shares the paths with this one
     */
    public Manifest select(int[] rows) {
        for (int row : rows) {
            if (row < 0 || row >= size()) {
                throw new IllegalArgumentException("a manifest of %d rows has no row %d".formatted(size(), row));
            }
        }
        return new Manifest(base, names, labels, columns.select(rows));
    }

    /**
     * The same rows with other weights.
     *
     * @param weights one for each row, positive
     * @return a manifest that shares all other columns with this one
     */
    public Manifest withWeights(float[] weights) {
        if (weights.length != size()) {
            throw new IllegalArgumentException("%d weights do not fit %d rows".formatted(weights.length, size()));
        }
        return new Manifest(base, names, labels, columns.withWeights(weights));
    }

    Path base() {
        return base;
    }

    Names labels() {
        return labels;
    }

    ManifestColumns columns() {
        return columns;
    }

    /** The path as it is kept, relative to {@link #base()} or absolute. */
    String name(int i) {
        return names.get(columns.file[i]);
    }

    /** Takes rows one by one. For one thread, and one manifest. */
    public static final class Builder {
        private final Names names = new Names();
        private final Names labels = new Names();
        private final ManifestColumns columns = new ManifestColumns(16);

        private Builder() {}

        /**
         * Adds a row.
         *
         * @throws IllegalArgumentException if a number is out of its range, the hash is none, or a stretch is not as long as the image
         */
        public Builder add(ManifestRow row) {
            check(row);
            int at = columns.size;
            columns.reserve(Math.addExact(at, 1));
            columns.file[at] = names.add(row.location().file().toString());
            columns.place[at] = ManifestColumns.place(row.location());
            columns.width[at] = row.width();
            columns.height[at] = row.height();
            columns.bytes[at] = row.bytes();
            columns.hash(at, row.sha256());
            columns.label[at] = row.label().isEmpty() ? ManifestColumns.NO_LABEL : labels.add(row.label());
            columns.weight[at] = row.weight();
            columns.size++;
            return this;
        }

        /**
         * Rows so far.
         *
         * @return from 0
         */
        public int size() {
            return columns.size;
        }

        /** Returns the manifest; no more rows can be added then. */
        public Manifest build() {
            names.freeze();
            labels.freeze();
            columns.trim();
            return new Manifest(Path.of(""), names, labels, columns);
        }

        private static void check(ManifestRow row) {
            boolean stretched = !(row.location() instanceof Stretch s) || s.length() == row.bytes();
            if (row.width() < 1
                    || row.height() < 1
                    || row.bytes() < 1
                    || !ManifestColumns.isHash(row.sha256())
                    || !ManifestColumns.isWeight(row.weight())
                    || !stretched) {
                throw new IllegalArgumentException(
                        ("%s: cannot be in a manifest; expected a positive width, height, weight and"
                                        + " number of bytes, that of the stretch if it is one, and a hash of 64 hexadecimal digits")
                                .formatted(row));
            }
        }
    }
}
