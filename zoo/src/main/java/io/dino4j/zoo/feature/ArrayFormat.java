package io.dino4j.zoo.feature;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.zoo.feature.FeatureLayout.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One float32 array, {@code [N, F]} or {@code [N, n, D]}, and a table of its rows beside it. Parts are its bytes and the lines of the
 * table, so that joining them copies files.
 */
record ArrayFormat(Container container) implements FeatureFormat {
    private static final String VALUES = ".f32";
    private static final String TABLE = ".csv";
    private static final int BUFFER = 1 << 16;

    /** What stands before the bytes of the array. */
    enum Container {
        /** NumPy's own, version 1.0. */
        NPY {
            @Override
            byte[] header(long[] shape, Map<String, String> settings) {
                String sizes = Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", "));
                String text = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }".formatted(sizes);
                int start = 10; // magic, version, length
                int end = (start + text.length() + 1 + 63) / 64 * 64;
                ByteBuffer header = ByteBuffer.allocate(end).order(ByteOrder.LITTLE_ENDIAN);
                header.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
                header.put((byte) 1).put((byte) 0).putShort((short) (end - start));
                header.put(text.getBytes(StandardCharsets.US_ASCII));
                while (header.remaining() > 1) {
                    header.put((byte) ' ');
                }
                return header.put((byte) '\n').array();
            }
        },
        /** One tensor {@code features}, the settings as metadata. */
        SAFETENSORS {
            @Override
            byte[] header(long[] shape, Map<String, String> settings) {
                ObjectNode root = PartIndex.JSON.createObjectNode();
                ObjectNode metadata = root.putObject("__metadata__");
                settings.forEach(metadata::put);
                ObjectNode tensor = root.putObject("features").put("dtype", "F32");
                ArrayNode sizes = tensor.putArray("shape");
                Arrays.stream(shape).forEach(sizes::add);
                tensor.putArray("data_offsets").add(0L).add(bytes(shape));
                byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
                int padded = (json.length + 7) / 8 * 8;
                ByteBuffer header = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
                header.putLong(padded).put(json);
                while (header.hasRemaining()) {
                    header.put((byte) ' ');
                }
                return header.array();
            }
        };

        abstract byte[] header(long[] shape, Map<String, String> settings);
    }

    /** Bytes of a float32 array. */
    static long bytes(long[] shape) {
        return Arrays.stream(shape).reduce(Float.BYTES, Math::multiplyExact);
    }

    static long[] shape(Totals totals, FeatureLayout layout) {
        return layout.kind() == Kind.POOLED
                ? new long[] {totals.rows(), layout.dimension()}
                : new long[] {totals.rows(), totals.grid().patches(), layout.dimension()};
    }

    @Override
    public boolean needsEqualGrids() {
        return true;
    }

    @Override
    public List<String> endings() {
        return List.of(VALUES, TABLE);
    }

    @Override
    public List<Path> results(Path out) {
        return List.of(out.resolveSibling(out.getFileName() + TABLE), out);
    }

    @Override
    public void writePart(List<Path> drafts, FeatureLayout layout, List<FeatureRow> rows, long firstRow)
            throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = create(drafts.get(0))) {
            for (FeatureRow row : rows) {
                write(channel, buffer, row.values());
            }
        }
        StringBuilder table = new StringBuilder();
        for (int i = 0; i < rows.size(); i++) {
            FeatureRow row = rows.get(i);
            table.append(firstRow + i).append(',').append(quoted(row.path()));
            table.append(',')
                    .append(row.width())
                    .append(',')
                    .append(row.height())
                    .append('\n');
        }
        Files.write(drafts.get(1), table.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static void write(FileChannel channel, ByteBuffer buffer, float[] values) throws IOException {
        for (int done = 0; done < values.length; ) {
            int count = Math.min(values.length - done, BUFFER / Float.BYTES);
            buffer.clear().limit(count * Float.BYTES);
            buffer.asFloatBuffer().put(values, done, count);
            drain(channel, buffer);
            done += count;
        }
    }

    /** A field as RFC 4180 has it: in quotes if it must be, quotes in it doubled. */
    static String quoted(String field) {
        boolean plain = field.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain && field.equals(field.strip()) ? field : '"' + field.replace("\"", "\"\"") + '"';
    }

    @Override
    public void assemble(
            List<Path> drafts, PartFolder parts, Totals totals, FeatureLayout layout, Map<String, String> settings)
            throws IOException {
        byte[] names = "row,path,width,height\n".getBytes(StandardCharsets.UTF_8);
        join(drafts.get(0), names, parts, totals, TABLE);
        long[] shape = shape(totals, layout);
        byte[] header = container.header(shape, settings);
        long end = join(drafts.get(1), header, parts, totals, VALUES);
        if (end != header.length + bytes(shape)) {
            throw PartFolder.damaged(
                    parts.path(), "holds %d bytes for %s".formatted(end - header.length, Arrays.toString(shape)));
        }
    }

    /** Length of the joined file. */
    private static long join(Path draft, byte[] header, PartFolder parts, Totals totals, String ending)
            throws IOException {
        try (FileChannel channel = create(draft)) {
            drain(channel, ByteBuffer.wrap(header));
            for (int n = 0; n < totals.parts(); n++) {
                if (parts.index(n).rows() > 0) {
                    copy(parts.data(n, ending), channel);
                }
            }
            return channel.position();
        }
    }

    private static void copy(Path part, FileChannel to) throws IOException {
        try (FileChannel from = FileChannel.open(part, StandardOpenOption.READ)) {
            long size = from.size();
            for (long done = 0; done < size; ) {
                done += from.transferTo(done, size - done, to);
            }
        }
    }

    private static FileChannel create(Path file) throws IOException {
        return FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
    }

    private static void drain(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
