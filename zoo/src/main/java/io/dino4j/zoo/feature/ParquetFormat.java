package io.dino4j.zoo.feature;

import io.dino4j.data.parquet.NoParquetException;
import io.dino4j.data.parquet.ParquetOutput;
import io.dino4j.data.parquet.ParquetOutput.Fields;
import io.dino4j.data.parquet.ParquetOutput.Packing;
import io.dino4j.zoo.feature.FeatureLayout.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * Columns {@code path}, {@code width}, {@code height}, for patches {@code grid_height} and {@code grid_width}, and the list
 * {@code features}. A part is a Parquet file of its own; joining copies row groups as bytes. Nothing is compressed: floats hardly are.
 */
record ParquetFormat() implements FeatureFormat {
    private static final String PARQUET = ".parquet";

    static MessageType schema(FeatureLayout layout) {
        String grid = layout.kind() == Kind.PATCHES ? "required int32 grid_height; required int32 grid_width;" : "";
        return MessageTypeParser.parseMessageType("message features { required binary path (STRING);"
                + " required int32 width; required int32 height; " + grid
                + " required group features (LIST) { repeated group list { required float element; } } }");
    }

    @Override
    public boolean needsEqualGrids() {
        return false;
    }

    @Override
    public List<String> endings() {
        return List.of(PARQUET);
    }

    @Override
    public List<Path> results(Path out) {
        return List.of(out);
    }

    @Override
    public void writePart(List<Path> drafts, FeatureLayout layout, List<FeatureRow> rows, long firstRow)
            throws IOException {
        // hardly a value comes twice
        try (ParquetOutput<FeatureRow> out =
                ParquetOutput.open(drafts.get(0), schema(layout), Packing.NONE, (row, to) -> write(layout, row, to))) {
            for (FeatureRow row : rows) {
                out.write(row);
            }
        }
    }

    private static void write(FeatureLayout layout, FeatureRow row, Fields to) {
        to.text("path", row.path()).int32("width", row.width()).int32("height", row.height());
        if (layout.kind() == Kind.PATCHES) {
            to.int32("grid_height", row.gridHeight()).int32("grid_width", row.gridWidth());
        }
        to.floats("features", row.values());
    }

    @Override
    public void assemble(
            List<Path> drafts, PartFolder parts, Totals totals, FeatureLayout layout, Map<String, String> settings)
            throws IOException {
        List<Path> files = new ArrayList<>();
        for (int n = 0; n < totals.parts(); n++) {
            if (parts.index(n).rows() > 0) {
                files.add(parts.data(n, PARQUET));
            }
        }
        try {
            ParquetOutput.join(drafts.get(0), schema(layout), files, settings);
        } catch (NoParquetException e) {
            throw PartFolder.damaged(e.file(), e.reason());
        }
    }
}
