package io.dino4j.zoo.feature;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.schema.MessageType;

/** Reads what a store wrote, with nothing that the store itself uses. */
final class ReadBack {
    private ReadBack() {}

    /** An array of NumPy. */
    record Array(long[] shape, float[] values) {}

    static Array npy(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[8];
        bytes.get(magic);
        if (!Arrays.equals(magic, new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})) {
            throw new IOException("magic");
        }
        byte[] text = new byte[bytes.getShort()];
        bytes.get(text);
        String header = new String(text, StandardCharsets.US_ASCII);
        Matcher matcher = Pattern.compile("\\{'descr': '<f4', 'fortran_order': False, 'shape': \\(([0-9, ]+)\\), } *\n")
                .matcher(header);
        if (!matcher.matches() || bytes.position() % 64 != 0) {
            throw new IOException(header);
        }
        long[] shape = Arrays.stream(matcher.group(1).split(", "))
                .mapToLong(Long::parseLong)
                .toArray();
        float[] values = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(values);
        return new Array(shape, values);
    }

    /** Records of a table by the grammar of RFC 4180. */
    static List<List<String>> csv(Path file) throws IOException {
        List<List<String>> records = new ArrayList<>();
        List<String> record = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        String text = Files.readString(file);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted && c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                field.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == ',' || c == '\n')) {
                record.add(field.toString());
                field.setLength(0);
                if (c == '\n') {
                    records.add(record);
                    record = new ArrayList<>();
                }
            } else {
                field.append(c);
            }
        }
        return records;
    }

    /**
     * A Parquet file.
     *
     * @param rowGroups rows of each
     */
    record Table(List<FeatureRow> rows, Map<String, String> metadata, MessageType schema, List<Long> rowGroups) {}

    /** The library's stream of a local file takes a minute for 30 MB. */
    private record InMemory(byte[] bytes) implements InputFile {
        private static final class Bytes extends ByteArrayInputStream {
            Bytes(byte[] bytes) {
                super(bytes);
            }

            int position() {
                return pos;
            }

            void position(long to) {
                pos = Math.toIntExact(to);
            }
        }

        @Override
        public long getLength() {
            return bytes.length;
        }

        @Override
        public SeekableInputStream newStream() {
            Bytes stream = new Bytes(bytes);
            return new DelegatingSeekableInputStream(stream) {
                @Override
                public long getPos() {
                    return stream.position();
                }

                @Override
                public void seek(long position) {
                    stream.position(position);
                }
            };
        }
    }

    static Table parquet(Path file) throws IOException {
        List<FeatureRow> rows = new ArrayList<>();
        List<Long> rowGroups = new ArrayList<>();
        ParquetReadOptions options =
                ParquetReadOptions.builder(new PlainParquetConfiguration()).build();
        try (ParquetFileReader reader = ParquetFileReader.open(new InMemory(Files.readAllBytes(file)), options)) {
            MessageType schema = reader.getFileMetaData().getSchema();
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                RecordReader<Group> records = new ColumnIOFactory()
                        .getColumnIO(schema)
                        .getRecordReader(pages, new GroupRecordConverter(schema));
                rowGroups.add(pages.getRowCount());
                for (long i = 0; i < pages.getRowCount(); i++) {
                    rows.add(row(records.read()));
                }
            }
            return new Table(
                    rows, new LinkedHashMap<>(reader.getFileMetaData().getKeyValueMetaData()), schema, rowGroups);
        }
    }

    private static FeatureRow row(Group group) {
        Group list = group.getGroup("features", 0);
        float[] values = new float[list.getFieldRepetitionCount("list")];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.getGroup("list", i).getFloat("element", 0);
        }
        boolean grid = group.getType().containsField("grid_height");
        return new FeatureRow(
                group.getString("path", 0),
                group.getInteger("width", 0),
                group.getInteger("height", 0),
                grid ? group.getInteger("grid_height", 0) : 2,
                grid ? group.getInteger("grid_width", 0) : 3,
                values);
    }
}
