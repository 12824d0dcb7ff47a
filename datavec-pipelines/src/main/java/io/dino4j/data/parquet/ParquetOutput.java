package io.dino4j.data.parquet;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;

/**
 * A Parquet file that is written row by row. Equal rows give equal bytes: the footer holds no time, and names no version but the library's.
 *
 * @param <T> what a row is made of
 */
public final class ParquetOutput<T> implements Closeable {
    /** Whether values are packed. */
    public enum Packing {
        /** As they are: for floats, which hardly shrink. */
        NONE(CompressionCodecName.UNCOMPRESSED),
        /** Repeated values once, pages with Zstandard. */
        DICTIONARY_ZSTD(CompressionCodecName.ZSTD);

        private final CompressionCodecName codec;

        Packing(CompressionCodecName codec) {
            this.codec = codec;
        }
    }

    /** Writes the fields of a row, in the order of the schema. */
    @FunctionalInterface
    public interface RowFormat<T> {
        /**
         * Writes one row.
         *
         * @param row what is written
         * @param to takes the fields
         */
        void write(T row, Fields to);
    }

    private final ParquetWriter<T> writer;

    private ParquetOutput(ParquetWriter<T> writer) {
        this.writer = writer;
    }

    /**
     * Begins a file, in place of one that exists.
     *
     * @param file where to
     * @param schema of a row
     * @param packing of the values
     * @param format fields of a row
     * @throws IOException if the file cannot be made
     */
    public static <T> ParquetOutput<T> open(Path file, MessageType schema, Packing packing, RowFormat<T> format)
            throws IOException {
        return new ParquetOutput<>(new Builder<>(new LocalOutputFile(file), new Support<>(schema, format))
                .withConf(new PlainParquetConfiguration())
                .withCodecFactory(new Codecs())
                .withCompressionCodec(packing.codec)
                .withDictionaryEncoding(packing == Packing.DICTIONARY_ZSTD)
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .build());
    }

    /**
     * Adds a row.
     *
     * @throws IOException if the file cannot be written
     */
    public void write(T row) throws IOException {
        writer.write(row);
    }

    /** Writes what is left and the footer. */
    @Override
    public void close() throws IOException {
        writer.close();
    }

    /**
     * Writes one file of the rows of several. Row groups are copied as bytes.
     *
     * @param file where to; replaced if it exists
     * @param schema of all of them
     * @param parts Parquet files
     * @param metadata keys and values for the footer
     * @throws IOException if a file cannot be read or written
     */
    public static void join(Path file, MessageType schema, Iterable<Path> parts, Map<String, String> metadata)
            throws IOException {
        try (ParquetFileWriter writer = new ParquetFileWriter(
                new LocalOutputFile(file),
                schema,
                ParquetFileWriter.Mode.OVERWRITE,
                ParquetWriter.DEFAULT_BLOCK_SIZE,
                ParquetWriter.MAX_PADDING_SIZE_DEFAULT,
                ParquetProperties.DEFAULT_COLUMN_INDEX_TRUNCATE_LENGTH,
                ParquetProperties.DEFAULT_STATISTICS_TRUNCATE_LENGTH,
                ParquetProperties.DEFAULT_PAGE_WRITE_CHECKSUM_ENABLED)) {
            writer.start();
            for (Path part : parts) {
                try (ParquetInput in = ParquetInput.open(part)) {
                    in.appendTo(writer);
                }
            }
            writer.end(metadata);
        }
    }

    /** The fields of a row that is being written: each call writes the next one of the schema. */
    public static final class Fields {
        private final RecordConsumer to;
        private int field;

        private Fields(RecordConsumer to) {
            this.to = to;
        }

        /** A text, in UTF-8. */
        public Fields text(String name, String value) {
            return field(name, () -> to.addBinary(Binary.fromString(value)));
        }

        /** An int32. */
        public Fields int32(String name, int value) {
            return field(name, () -> to.addInteger(value));
        }

        /** An int64. */
        public Fields int64(String name, long value) {
            return field(name, () -> to.addLong(value));
        }

        /** A float. */
        public Fields float32(String name, float value) {
            return field(name, () -> to.addFloat(value));
        }

        /** Bytes. */
        public Fields bytes(String name, byte[] value) {
            return field(name, () -> to.addBinary(Binary.fromConstantByteArray(value)));
        }

        /** No value for an optional field. */
        public Fields none() {
            field++;
            return this;
        }

        /** A group of floats annotated as LIST, with the usual names {@code list} and {@code element}. */
        public Fields floats(String name, float[] values) {
            return field(name, () -> list(values));
        }

        private Fields field(String name, Runnable value) {
            to.startField(name, field);
            value.run();
            to.endField(name, field++);
            return this;
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
    }

    /** The methods with Hadoop's type are abstract in the library and never called here. */
    private static final class Support<T> extends WriteSupport<T> {
        private final MessageType schema;
        private final RowFormat<T> format;
        private RecordConsumer to;

        Support(MessageType schema, RowFormat<T> format) {
            this.schema = schema;
            this.format = format;
        }

        @Override
        @SuppressWarnings("deprecation")
        public WriteContext init(Configuration configuration) {
            throw new UnsupportedOperationException("written without Hadoop");
        }

        @Override
        public WriteContext init(ParquetConfiguration configuration) {
            return new WriteContext(schema, Map.of());
        }

        @Override
        public void prepareForWrite(RecordConsumer consumer) {
            to = consumer;
        }

        @Override
        public void write(T row) {
            to.startMessage();
            format.write(row, new Fields(to));
            to.endMessage();
        }
    }

    private static final class Builder<T> extends ParquetWriter.Builder<T, Builder<T>> {
        private final Support<T> support;

        Builder(OutputFile file, Support<T> support) {
            super(file);
            this.support = support;
        }

        @Override
        protected Builder<T> self() {
            return this;
        }

        @Override
        @SuppressWarnings("deprecation")
        protected WriteSupport<T> getWriteSupport(Configuration configuration) {
            throw new UnsupportedOperationException("written without Hadoop");
        }

        @Override
        protected WriteSupport<T> getWriteSupport(ParquetConfiguration configuration) {
            return support;
        }
    }
}
