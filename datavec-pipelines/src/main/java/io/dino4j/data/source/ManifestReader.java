package io.dino4j.data.source;

import io.dino4j.data.parquet.ParquetInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/** Reads the table of a manifest column by column. */
final class ManifestReader {
    private static final List<PrimitiveTypeName> INTEGER = List.of(PrimitiveTypeName.INT32, PrimitiveTypeName.INT64);
    private static final List<PrimitiveTypeName> TEXT = List.of(PrimitiveTypeName.BINARY);
    private static final List<PrimitiveTypeName> REAL = List.of(PrimitiveTypeName.FLOAT, PrimitiveTypeName.DOUBLE);
    /** A hash alone takes 32, however well the rest is packed. */
    private static final int BYTES_OF_A_ROW = 32;

    private final ParquetInput in;
    private final Path file;
    private final Path base;
    private final Names names = new Names();
    private final Names labels = new Names();
    private final ManifestColumns columns;

    ManifestReader(ParquetInput in, Path file) throws IOException {
        this.in = in;
        this.file = file;
        Path parent = file.getParent();
        this.base = parent == null ? Path.of("") : parent;
        // No honest file is so much smaller than its rows: paths and hashes differ.
        long most = Math.min(Integer.MAX_VALUE / ManifestColumns.WORDS, (1 << 20) + 64 * Files.size(file));
        if (in.rows() < 0 || in.rows() > most) {
            throw new IOException("%s: says to have %d rows; at most %d are read from a file of its size"
                    .formatted(file, in.rows(), most));
        }
        this.columns = new ManifestColumns((int) Math.min(in.rows(), Files.size(file) / BYTES_OF_A_ROW));
    }

    Manifest read() throws IOException {
        Optional<ColumnDescriptor> path = column("path", TEXT);
        Optional<ColumnDescriptor> offset = column("offset", INTEGER);
        Optional<ColumnDescriptor> row = column("row", INTEGER);
        Optional<ColumnDescriptor> width = column("width", INTEGER);
        Optional<ColumnDescriptor> height = column("height", INTEGER);
        Optional<ColumnDescriptor> bytes = column("bytes", INTEGER);
        Optional<ColumnDescriptor> sha256 = column("sha256", TEXT);
        Optional<ColumnDescriptor> label = column("label", TEXT);
        Optional<ColumnDescriptor> weight = column("weight", REAL);
        for (int group = 0; group < in.rowGroups(); group++) {
            fill(group, path, (i, v) -> newRow(i, path(i, v)));
            fill(group, offset, (i, v) -> columns.place[i] = integer(i, v, 0, Long.MAX_VALUE));
            fill(group, row, (i, v) -> columns.place[i] = parquetRow(i, v));
            fill(group, width, (i, v) -> columns.width[i] = (int) integer(i, v, 1, Integer.MAX_VALUE));
            fill(group, height, (i, v) -> columns.height[i] = (int) integer(i, v, 1, Integer.MAX_VALUE));
            fill(group, bytes, (i, v) -> columns.bytes[i] = integer(i, v, 1, Long.MAX_VALUE));
            fill(group, sha256, (i, v) -> columns.hash(i, hash(i, v)));
            fill(group, label, (i, v) -> columns.label[i] = label(v));
            fill(group, weight, (i, v) -> columns.weight[i] = weight(i, v));
            columns.size += (int) in.rows(group);
        }
        names.freeze();
        labels.freeze();
        columns.trim();
        return new Manifest(base, names, labels, columns);
    }

    private Optional<ColumnDescriptor> column(String name, List<PrimitiveTypeName> types) throws IOException {
        MessageType schema = in.schema();
        if (!schema.containsField(name)) {
            if (ManifestFile.NEEDED.contains(name)) {
                throw new IOException(
                        "%s: has no column %s; a manifest has %s, and may have offset, row, label and weight"
                                .formatted(file, name, String.join(", ", ManifestFile.NEEDED)));
            }
            return Optional.empty();
        }
        ColumnDescriptor column =
                schema.getType(name).isPrimitive() ? schema.getColumnDescription(new String[] {name}) : null;
        if (column == null
                || column.getMaxRepetitionLevel() > 0
                || !types.contains(column.getPrimitiveType().getPrimitiveTypeName())) {
            throw new IOException("%s: column %s is '%s'; a manifest has %s there"
                    .formatted(
                            file,
                            name,
                            schema.getType(name).toString().lines().findFirst().orElse(""),
                            types));
        }
        return Optional.of(column);
    }

    /** Takes the value of one row. */
    @FunctionalInterface
    private interface Cell {
        void set(int row, ColumnReader value) throws IOException;
    }

    private void fill(int group, Optional<ColumnDescriptor> column, Cell cell) throws IOException {
        if (column.isEmpty()) {
            return;
        }
        String name = column.get().getPath()[0];
        in.read(group, column.get(), (row, value, present) -> {
            int at = columns.size + (int) row;
            if (present) {
                cell.set(at, value);
            } else if (ManifestFile.NEEDED.contains(name)) {
                throw wrong(at, name, "nothing", "a value");
            }
        });
    }

    /** Memory grows with what is read, not with what the footer says. */
    private void newRow(int row, int path) {
        columns.reserve(row + 1);
        columns.file[row] = path;
        columns.place[row] = ManifestColumns.WHOLE;
        columns.label[row] = ManifestColumns.NO_LABEL;
        columns.weight[row] = 1;
    }

    private int path(int row, ColumnReader value) throws IOException {
        String path = value.getBinary().toStringUsingUTF8();
        int before = names.size();
        int at = names.add(path);
        if (names.size() > before) {
            try {
                base.resolve(path);
            } catch (InvalidPathException e) {
                throw wrong(row, "path", "'" + path.replace('\0', '?') + "'", "a path that this system can name");
            }
        }
        return at;
    }

    private long integer(int row, ColumnReader value, long from, long to) throws IOException {
        long number = value.getDescriptor().getPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.INT32
                ? value.getInteger()
                : value.getLong();
        if (number < from || number > to) {
            String name = value.getDescriptor().getPath()[0];
            throw wrong(row, name, Long.toString(number), "%d to %d".formatted(from, to));
        }
        return number;
    }

    private long parquetRow(int row, ColumnReader value) throws IOException {
        if (columns.place[row] != ManifestColumns.WHOLE) {
            throw wrong(row, "row", "beside an offset", "one of the two");
        }
        return -2 - integer(row, value, 0, Long.MAX_VALUE - 2);
    }

    private String hash(int row, ColumnReader value) throws IOException {
        String hex = value.getBinary().toStringUsingUTF8();
        if (!ManifestColumns.isHash(hex)) {
            throw wrong(row, "sha256", "no hash", "64 hexadecimal digits in lower case");
        }
        return hex;
    }

    private int label(ColumnReader value) {
        String text = value.getBinary().toStringUsingUTF8();
        return text.isEmpty() ? ManifestColumns.NO_LABEL : labels.add(text);
    }

    private float weight(int row, ColumnReader value) throws IOException {
        boolean single = value.getDescriptor().getPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.FLOAT;
        float weight = single ? value.getFloat() : (float) value.getDouble();
        if (!ManifestColumns.isWeight(weight)) {
            throw wrong(row, "weight", Float.toString(weight), "a positive number");
        }
        return weight;
    }

    private IOException wrong(int row, String name, String is, String expected) {
        return new IOException("%s: row %d: %s is %s; expected %s".formatted(file, row, name, is, expected));
    }
}
