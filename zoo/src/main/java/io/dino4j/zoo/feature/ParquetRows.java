package io.dino4j.zoo.feature;

import io.dino4j.zoo.feature.FeatureLayout.Kind;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/** Hands rows to Parquet field by field. The methods with Hadoop's type are abstract in the library and never called here. */
final class ParquetRows extends WriteSupport<FeatureRow> {
    private final FeatureLayout layout;
    private RecordConsumer to;
    private int field;

    private ParquetRows(FeatureLayout layout) {
        this.layout = layout;
    }

    @Override
    @SuppressWarnings("deprecation")
    public WriteContext init(Configuration configuration) {
        throw new UnsupportedOperationException("written without Hadoop");
    }

    @Override
    public WriteContext init(ParquetConfiguration configuration) {
        return new WriteContext(ParquetFormat.schema(layout), Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer consumer) {
        to = consumer;
    }

    @Override
    public void write(FeatureRow row) {
        field = 0;
        to.startMessage();
        field("path", () -> to.addBinary(Binary.fromString(row.path())));
        field("width", () -> to.addInteger(row.width()));
        field("height", () -> to.addInteger(row.height()));
        if (layout.kind() == Kind.PATCHES) {
            field("grid_height", () -> to.addInteger(row.gridHeight()));
            field("grid_width", () -> to.addInteger(row.gridWidth()));
        }
        field("features", () -> list(row.values()));
        to.endMessage();
    }

    private void field(String name, Runnable value) {
        to.startField(name, field);
        value.run();
        to.endField(name, field++);
    }

    private void list(float[] values) {
        to.startGroup();
        to.startField("list", 0);
        for (float value : values) {
            to.startGroup();
            to.startField("element", 0);
            to.addFloat(value);
            to.endField("element", 0);
            to.endGroup();
        }
        to.endField("list", 0);
        to.endGroup();
    }

    /** Makes a writer of rows. */
    static final class Builder extends ParquetWriter.Builder<FeatureRow, Builder> {
        private final FeatureLayout layout;

        Builder(OutputFile file, FeatureLayout layout) {
            super(file);
            this.layout = layout;
        }

        @Override
        protected Builder self() {
            return this;
        }

        @Override
        @SuppressWarnings("deprecation")
        protected WriteSupport<FeatureRow> getWriteSupport(Configuration configuration) {
            throw new UnsupportedOperationException("written without Hadoop");
        }

        @Override
        protected WriteSupport<FeatureRow> getWriteSupport(ParquetConfiguration configuration) {
            return new ParquetRows(layout);
        }
    }
}
