package io.dino4j.zoo.feature;

import io.dino4j.zoo.feature.FeatureLayout.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * Columns {@code path}, {@code width}, {@code height}, for patches {@code grid_height} and {@code grid_width}, and the list
 * {@code features}. A part is a Parquet file of its own; joining copies row groups as bytes. Nothing is compressed: floats hardly are.
 *
 * <p>The library's reader links against Hadoop, its writer does not: footers are therefore read with the converter below it.
 */
record ParquetFormat() implements FeatureFormat {
    private static final String PARQUET = ".parquet";
    private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
    private static final int TAIL = Integer.BYTES + 4; // length of the footer, magic

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
        try (ParquetWriter<FeatureRow> writer = new ParquetRows.Builder(new LocalOutputFile(drafts.get(0)), layout)
                .withConf(new PlainParquetConfiguration())
                .withCodecFactory(new NoCodec())
                .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
                .withDictionaryEncoding(false) // hardly a value comes twice
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .build()) {
            for (FeatureRow row : rows) {
                writer.write(row);
            }
        }
    }

    @Override
    public void assemble(
            List<Path> drafts, PartFolder parts, Totals totals, FeatureLayout layout, Map<String, String> settings)
            throws IOException {
        try (ParquetFileWriter writer = new ParquetFileWriter(
                new LocalOutputFile(drafts.get(0)),
                schema(layout),
                ParquetFileWriter.Mode.OVERWRITE,
                ParquetWriter.DEFAULT_BLOCK_SIZE,
                ParquetWriter.MAX_PADDING_SIZE_DEFAULT,
                ParquetProperties.DEFAULT_COLUMN_INDEX_TRUNCATE_LENGTH,
                ParquetProperties.DEFAULT_STATISTICS_TRUNCATE_LENGTH,
                ParquetProperties.DEFAULT_PAGE_WRITE_CHECKSUM_ENABLED)) {
            writer.start();
            for (int n = 0; n < totals.parts(); n++) {
                if (parts.index(n).rows() > 0) {
                    append(writer, parts.data(n, PARQUET));
                }
            }
            writer.end(settings);
        }
    }

    private static void append(ParquetFileWriter writer, Path part) throws IOException {
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.READ);
                SeekableInputStream in = new ChannelStream(channel)) {
            writer.appendRowGroups(in, rowGroups(part, in), false);
        }
    }

    private static List<BlockMetaData> rowGroups(Path part, SeekableInputStream in) throws IOException {
        long size = Files.size(part);
        if (size < MAGIC.length + TAIL) {
            throw PartFolder.damaged(part, "is no Parquet file");
        }
        byte[] tail = new byte[TAIL];
        in.seek(size - TAIL);
        in.readFully(tail);
        int length = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
        boolean magic = ByteBuffer.wrap(tail, Integer.BYTES, MAGIC.length).equals(ByteBuffer.wrap(MAGIC));
        if (!magic || length <= 0 || length > size - TAIL - MAGIC.length) {
            throw PartFolder.damaged(part, "is no Parquet file");
        }
        byte[] footer = new byte[length];
        in.seek(size - TAIL - length);
        in.readFully(footer);
        return new ParquetMetadataConverter()
                .readParquetMetadata(new ByteArrayInputStream(footer), ParquetMetadataConverter.NO_FILTER)
                .getBlocks();
    }

    /** The library's stream of a local file asks the system for each byte. */
    private static final class ChannelStream extends DelegatingSeekableInputStream {
        private final FileChannel channel;

        ChannelStream(FileChannel channel) {
            super(Channels.newInputStream(channel));
            this.channel = channel;
        }

        @Override
        public long getPos() throws IOException {
            return channel.position();
        }

        @Override
        public void seek(long position) throws IOException {
            channel.position(position);
        }
    }
}
