package io.dino4j.data.parquet;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.parquet.VersionParser;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.ParquetDecodingException;
import org.apache.parquet.schema.MessageType;

/**
 * A Parquet file to read from. The library's reader links against Hadoop; here footers are read with the converter below it and pages with
 * its decoders. No more than one page of a column is in memory at once. Any number of threads may read.
 *
 * <p>A file that is damaged gives an {@link IOException} of one line that names it, and takes no more memory than its size justifies.
 */
public final class ParquetInput implements Closeable {
    /** First and last bytes of every Parquet file. */
    static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

    private static final int TAIL = Integer.BYTES + MAGIC.length; // length of the footer, magic

    private final Path file;
    private final FileChannel channel;
    private final ParquetMetadata footer;
    private final VersionParser.ParsedVersion writer;

    private ParquetInput(Path file, FileChannel channel, ParquetMetadata footer) {
        this.file = file;
        this.channel = channel;
        this.footer = footer;
        this.writer = version(footer.getFileMetaData().getCreatedBy());
    }

    /** What takes the values of a column. */
    @FunctionalInterface
    public interface Values {
        /**
         * One row's value.
         *
         * @param row within the row group, from 0
         * @param value the reader at this value; only to be asked if the row is present
         * @param present whether the row has a value
         * @throws IOException to end the reading; passed on as it is
         */
        void accept(long row, ColumnReader value, boolean present) throws IOException;
    }

    /**
     * Opens a file and reads its footer.
     *
     * @throws IOException if it cannot be read or is no Parquet file, in one line
     */
    public static ParquetInput open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return new ParquetInput(file, channel, footer(file, channel));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Whether a file begins as Parquet files do. */
    public static boolean recognises(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer start = ByteBuffer.allocate(MAGIC.length);
            while (start.hasRemaining() && channel.read(start) >= 0) {
                // until four bytes or the end
            }
            return start.flip().equals(ByteBuffer.wrap(MAGIC));
        }
    }

    /** Returns the file. */
    public Path file() {
        return file;
    }

    /** Returns the columns. */
    public MessageType schema() {
        return footer.getFileMetaData().getSchema();
    }

    /** Returns the number of row groups. */
    public int rowGroups() {
        return footer.getBlocks().size();
    }

    /**
     * Rows of a row group, as the footer has it.
     *
     * @return from 0
     */
    public long rows(int rowGroup) {
        return footer.getBlocks().get(rowGroup).getRowCount();
    }

    /** Returns the rows of all row groups, as the footer has it. */
    public long rows() {
        return footer.getBlocks().stream().mapToLong(BlockMetaData::getRowCount).sum();
    }

    /**
     * The pages of a column in a row group. Only their headers are read.
     *
     * @param column without repeated parts
     * @throws IOException if the headers do not add up
     */
    public ColumnPages pages(int rowGroup, ColumnDescriptor column) throws IOException {
        BlockMetaData block = footer.getBlocks().get(rowGroup);
        ColumnPath path = ColumnPath.get(column.getPath());
        ColumnChunkMetaData chunk = block.getColumns().stream()
                .filter(c -> c.getPath().equals(path))
                .findFirst()
                .orElseThrow(() -> damaged("row group %d lacks column %s".formatted(rowGroup, path.toDotString())));
        return guarded(() -> ColumnPages.index(this, channel, chunk, column, block.getRowCount()));
    }

    /**
     * Reads a column of a row group from its first row to its last.
     *
     * @param column without repeated parts
     * @param values receives them in order
     * @throws IOException if pages are damaged
     */
    public void read(int rowGroup, ColumnDescriptor column, Values values) throws IOException {
        ColumnPages pages = pages(rowGroup, column);
        for (int page = 0; page < pages.count(); page++) {
            pages.read(page, values);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    void appendTo(ParquetFileWriter to) throws IOException {
        to.appendRowGroups(new ChannelStream(channel), footer.getBlocks(), false);
    }

    VersionParser.ParsedVersion writer() {
        return writer;
    }

    NoParquetException damaged(String what) {
        return damaged(what, null);
    }

    private NoParquetException damaged(String what, Exception cause) {
        return new NoParquetException(file, "the Parquet file is damaged: " + what, cause);
    }

    /** Work on bytes that may be anything. */
    @FunctionalInterface
    interface Decoding<R> {
        R run() throws IOException;
    }

    /** The library's decoders throw runtime exceptions of all kinds for bytes that make no sense. */
    <R> R guarded(Decoding<R> decoding) throws IOException {
        try {
            return decoding.run();
        } catch (RuntimeException e) {
            throw damaged(reason(e), e);
        }
    }

    private static String reason(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
    }

    private static ParquetMetadata footer(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        NoParquetException foreign = new NoParquetException(file, "is no Parquet file", null);
        if (size < MAGIC.length + TAIL) {
            throw foreign;
        }
        ByteBuffer tail = ByteBuffer.wrap(bytes(channel, size - TAIL, TAIL)).order(ByteOrder.LITTLE_ENDIAN);
        int length = tail.getInt();
        if (!tail.equals(ByteBuffer.wrap(MAGIC)) || length <= 0 || length > size - TAIL - MAGIC.length) {
            throw foreign;
        }
        byte[] footer = bytes(channel, size - TAIL - length, length);
        try {
            return new ParquetMetadataConverter()
                    .readParquetMetadata(new ByteArrayInputStream(footer), ParquetMetadataConverter.NO_FILTER);
        } catch (IOException | RuntimeException e) {
            throw new NoParquetException(file, "the Parquet file is damaged: its footer cannot be read", e);
        }
    }

    /** Bytes of the file; a {@link ParquetDecodingException} if it ends before. */
    static byte[] bytes(FileChannel channel, long offset, int length) throws IOException {
        if (offset < 0 || length < 0 || offset > channel.size() - length) {
            throw new ParquetDecodingException(
                    "bytes %d to %d lie outside the file".formatted(offset, offset + length));
        }
        ByteBuffer to = ByteBuffer.allocate(length);
        while (to.hasRemaining()) {
            if (channel.read(to, offset + to.position()) < 0) {
                throw new ParquetDecodingException("the file ends at " + (offset + to.position()));
            }
        }
        return to.array();
    }

    private static VersionParser.ParsedVersion version(String createdBy) {
        try {
            return createdBy == null ? null : VersionParser.parse(createdBy);
        } catch (RuntimeException | VersionParser.VersionParseException e) {
            return null; // only old writers with known faults matter
        }
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
