package io.dino4j.data.parquet;

import io.dino4j.data.parquet.ParquetInput.Values;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.impl.ColumnReaderImpl;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.ParquetDecodingException;
import org.apache.parquet.io.api.PrimitiveConverter;

/** The pages of one column in one row group: where they lie, and their values by page. Any number of threads may read. */
public final class ColumnPages {
    private final ParquetInput file;
    private final FileChannel channel;
    private final ColumnChunkMetaData chunk;
    private final ColumnDescriptor column;
    private final DictionaryPage dictionary;
    private final List<PageHeader> headers;
    private final long[] offsets; // of the bytes behind the header
    private final long[] firstRows; // one more than pages

    private ColumnPages(
            ParquetInput file,
            FileChannel channel,
            ColumnChunkMetaData chunk,
            ColumnDescriptor column,
            DictionaryPage dictionary,
            List<PageHeader> headers,
            long[] offsets,
            long[] firstRows) {
        this.file = file;
        this.channel = channel;
        this.chunk = chunk;
        this.column = column;
        this.dictionary = dictionary;
        this.headers = headers;
        this.offsets = offsets;
        this.firstRows = firstRows;
    }

    static ColumnPages index(
            ParquetInput file, FileChannel channel, ColumnChunkMetaData chunk, ColumnDescriptor column, long rows)
            throws IOException {
        if (column.getMaxRepetitionLevel() > 0) {
            throw new IllegalArgumentException("column %s has lists".formatted(String.join(".", column.getPath())));
        }
        long end = Math.min(channel.size(), chunk.getStartingPos() + chunk.getTotalSize());
        HeaderStream in = new HeaderStream(channel, chunk.getStartingPos(), end);
        DictionaryPage dictionary = null;
        List<PageHeader> headers = new ArrayList<>();
        long[] offsets = new long[16];
        long[] firstRows = new long[17];
        long row = 0;
        while (row < rows) {
            PageHeader header = header(in);
            long offset = in.position();
            int length = header.getCompressed_page_size();
            if (length < 0 || offset > end - length) {
                throw new ParquetDecodingException(
                        "a page of %d bytes at %d passes its column".formatted(length, offset));
            }
            if (header.getType() == PageType.DICTIONARY_PAGE && header.isSetDictionary_page_header()) {
                dictionary = dictionary(channel, chunk, header, offset);
            } else if (header.isSetData_page_header() || header.isSetData_page_header_v2()) {
                int n = headers.size();
                if (n == offsets.length) {
                    offsets = Arrays.copyOf(offsets, 2 * n);
                    firstRows = Arrays.copyOf(firstRows, 2 * n + 1);
                }
                headers.add(header);
                offsets[n] = offset;
                row += values(header);
                firstRows[n + 1] = row;
            }
            in.skipTo(offset + length);
        }
        if (row != rows) {
            throw new ParquetDecodingException("a column has %d values for %d rows".formatted(row, rows));
        }
        return new ColumnPages(file, channel, chunk, column, dictionary, headers, offsets, firstRows);
    }

    private static PageHeader header(InputStream in) {
        try {
            return Util.readPageHeader(in);
        } catch (IOException e) { // the reading of structures says so of bytes that are none
            throw new ParquetDecodingException("a page has no header", e);
        }
    }

    private static int values(PageHeader header) {
        int values = header.isSetData_page_header()
                ? header.getData_page_header().getNum_values()
                : header.getData_page_header_v2().getNum_values();
        if (values < 0) {
            throw new ParquetDecodingException("a page of %d values".formatted(values));
        }
        return values;
    }

    /** Returns the number of pages. */
    public int count() {
        return headers.size();
    }

    /** Returns the first row of a page within the row group; for {@code page = count()}, the number of rows. */
    public long firstRow(int page) {
        return firstRows[page];
    }

    /** Returns the page that holds a row of the row group. */
    public int pageOf(long row) {
        int at = Arrays.binarySearch(firstRows, 0, count() + 1, row);
        int page = at >= 0 ? at : -at - 2;
        while (page < count() && firstRows[page + 1] == firstRows[page]) {
            page++; // pages without rows
        }
        return page;
    }

    /** Returns the decompressed bytes of a page. */
    public int bytes(int page) {
        return headers.get(page).getUncompressed_page_size();
    }

    /**
     * Decodes one page.
     *
     * @param page from 0
     * @param values receives its rows in order; binary values share the memory of the page
     * @throws IOException if the page is damaged
     */
    public void read(int page, Values values) throws IOException {
        file.guarded(() -> {
            int count = Math.toIntExact(firstRows[page + 1] - firstRows[page]);
            DataPage data = page(page);
            ColumnReader reader = new ColumnReaderImpl(column, new OnePage(data), NO_CONVERTER, file.writer());
            int full = column.getMaxDefinitionLevel();
            for (int i = 0; i < count; i++) {
                values.accept(firstRows[page] + i, reader, reader.getCurrentDefinitionLevel() == full);
                reader.consume();
            }
            return null;
        });
    }

    private static DictionaryPage dictionary(
            FileChannel channel, ColumnChunkMetaData chunk, PageHeader header, long offset) throws IOException {
        byte[] packed = ParquetInput.bytes(channel, offset, header.getCompressed_page_size());
        byte[] values = Codecs.decompress(chunk.getCodec(), packed, header.getUncompressed_page_size());
        int size = header.getDictionary_page_header().getNum_values();
        if (size < 0 || size > values.length) { // every value takes a byte or more, but for booleans, which have no
            // dictionary
            throw new ParquetDecodingException("a dictionary of %d values in %d bytes".formatted(size, values.length));
        }
        return new DictionaryPage(
                BytesInput.from(values),
                size,
                encoding(header.getDictionary_page_header().getEncoding()));
    }

    private DataPage page(int page) throws IOException {
        PageHeader header = headers.get(page);
        byte[] packed = ParquetInput.bytes(channel, offsets[page], header.getCompressed_page_size());
        Statistics<?> none = Statistics.createStats(column.getPrimitiveType());
        if (header.isSetData_page_header()) {
            DataPageHeader v1 = header.getData_page_header();
            byte[] values = Codecs.decompress(chunk.getCodec(), packed, header.getUncompressed_page_size());
            return new DataPageV1(
                    BytesInput.from(values),
                    v1.getNum_values(),
                    values.length,
                    none,
                    encoding(v1.getRepetition_level_encoding()),
                    encoding(v1.getDefinition_level_encoding()),
                    encoding(v1.getEncoding()));
        }
        DataPageHeaderV2 v2 = header.getData_page_header_v2();
        int repetition = v2.getRepetition_levels_byte_length();
        int levels = Math.addExact(repetition, v2.getDefinition_levels_byte_length());
        if (repetition < 0 || levels < repetition || levels > packed.length) {
            throw new ParquetDecodingException("levels of %d bytes in a page of %d".formatted(levels, packed.length));
        }
        byte[] values = Arrays.copyOfRange(packed, levels, packed.length);
        if (!v2.isSetIs_compressed() || v2.isIs_compressed()) {
            values = Codecs.decompress(chunk.getCodec(), values, header.getUncompressed_page_size() - levels);
        }
        return DataPageV2.uncompressed(
                v2.getNum_rows(),
                v2.getNum_nulls(),
                v2.getNum_values(),
                BytesInput.from(packed, 0, repetition),
                BytesInput.from(packed, repetition, levels - repetition),
                encoding(v2.getEncoding()),
                BytesInput.from(values),
                none);
    }

    private static Encoding encoding(org.apache.parquet.format.Encoding encoding) {
        return Encoding.valueOf(encoding.name());
    }

    private static final PrimitiveConverter NO_CONVERTER = new PrimitiveConverter() {};

    /** Hands the library a page and the dictionary of its column. */
    private final class OnePage implements PageReader {
        private DataPage page;
        private final int values;

        OnePage(DataPage page) {
            this.page = page;
            this.values = page.getValueCount();
        }

        @Override
        public DictionaryPage readDictionaryPage() {
            return dictionary;
        }

        @Override
        public long getTotalValueCount() {
            return values;
        }

        @Override
        public DataPage readPage() {
            DataPage once = page;
            page = null;
            return once;
        }
    }
}
