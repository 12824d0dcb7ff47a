package io.dino4j.data.vector;

import io.dino4j.data.Progress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Vectors in a file that is mapped into memory and may be larger than it: 64 bytes of header, then the rows. Made by
 * {@link VectorFileWriter}. There is nothing to close: the mapping ends when the object is no longer reachable. The file must not be
 * shortened meanwhile.
 */
public final class VectorFile implements Vectors {
    private static final long LARGEST_MAP = 1L << 30; // a Java mapping ends at 2 GiB

    private final Path file;
    private final VectorHeader header;
    private final int segmentRows; // a multiple of a block's, so that no block lies in two segments
    private final ByteBuffer[] segments;
    private final FloatBuffer[] floats; // of the segments, if they hold float32
    private final Pointer[] addresses;

    private VectorFile(Path file, VectorHeader header, ByteBuffer[] segments, int segmentRows) {
        this.file = file;
        this.header = header;
        this.segments = segments;
        this.segmentRows = segmentRows;
        this.floats = new FloatBuffer[segments.length];
        this.addresses = new Pointer[segments.length];
        for (int i = 0; i < segments.length; i++) {
            floats[i] = segments[i].asFloatBuffer();
            addresses[i] = new Pointer(segments[i]);
        }
    }

    /**
     * Opens a file.
     *
     * @param file as {@link VectorFileWriter} finished it
     * @return its vectors; nothing is read before it is asked for
     * @throws IOException in one line that names the file: it is missing, of another kind, its sizes are out of range, or its length is
     *     not what its header says
     */
    public static VectorFile open(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            VectorHeader header = VectorHeader.read(file, channel);
            if (channel.size() != header.fileBytes()) {
                throw new IOException("%s: has %d bytes where its header says %d (%d vectors of %d numbers, %s)"
                        .formatted(
                                file,
                                channel.size(),
                                header.fileBytes(),
                                header.size(),
                                header.dimension(),
                                header.type()));
            }
            return map(file, header, channel);
        } catch (NoSuchFileException e) {
            throw new IOException("%s: no such file".formatted(file), e);
        }
    }

    private static VectorFile map(Path file, VectorHeader header, FileChannel channel) throws IOException {
        long rowBytes = header.type().rowBytes(header.dimension());
        long rows = Math.max(1, LARGEST_MAP / (rowBytes * Block.ROWS)) * Block.ROWS;
        int count = Math.toIntExact((header.size() + rows - 1) / rows);
        ByteBuffer[] segments = new ByteBuffer[count];
        for (int i = 0; i < count; i++) {
            long bytes = Math.min(rows, header.size() - i * rows) * rowBytes;
            segments[i] = channel.map(FileChannel.MapMode.READ_ONLY, VectorHeader.BYTES + i * rows * rowBytes, bytes)
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
        return new VectorFile(file, header, segments, Math.toIntExact(rows));
    }

    /** Returns the file. */
    public Path file() {
        return file;
    }

    /** Returns how its numbers are kept. */
    public VectorType type() {
        return header.type();
    }

    @Override
    public int size() {
        return (int) header.size();
    }

    @Override
    public int dimension() {
        return header.dimension();
    }

    @Override
    public void read(int first, int count, float[] out) {
        Objects.checkFromIndexSize(first, count, size());
        Objects.checkFromIndexSize(0L, (long) count * dimension(), out.length);
        int done = 0;
        while (done < count) {
            int segment = (first + done) / segmentRows;
            int row = (first + done) % segmentRows;
            int rows = Math.min(count - done, segmentRows - row);
            read(segment, row, rows, out, done * dimension());
            done += rows;
        }
    }

    private void read(int segment, int row, int rows, float[] out, int at) {
        int d = dimension();
        if (type() == VectorType.FLOAT32) {
            floats[segment].get(row * d, out, at, rows * d);
            return;
        }
        int rowBytes = type().rowBytes(d);
        for (int i = 0; i < rows; i++) {
            type().decode(segments[segment], (row + i) * rowBytes, d, out, at + i * d);
        }
    }

    @Override
    public Optional<FloatPointer> inPlace(int first, int count) {
        Objects.checkFromIndexSize(first, count, size());
        int row = first % segmentRows;
        boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        if (type() != VectorType.FLOAT32 || !little || count == 0 || count > segmentRows - row) {
            return Optional.empty();
        }
        FloatPointer rows = new FloatPointer(addresses[first / segmentRows]);
        return Optional.of(rows.position((long) row * dimension()));
    }

    /**
     * Copies the vectors to a file of another type. Goes on where an earlier, killed conversion stopped.
     *
     * @param target to be written; replaced if it exists
     * @param type of the target
     * @param progress is told of rows
     * @throws IOException if it cannot be written
     */
    public void convert(Path target, VectorType type, Progress progress) throws IOException {
        try (VectorFileWriter writer = VectorFileWriter.open(target, type, dimension())) {
            if (writer.written() > size()) {
                throw new IOException("%s: has %d rows where %s has %d; delete it"
                        .formatted(writer.draft(), writer.written(), file, size()));
            }
            progress.begin("converting vectors", writer.written(), size());
            float[] rows = new float[Math.min(Block.ROWS, Math.max(1, size())) * dimension()];
            while (writer.written() < size()) {
                int first = (int) writer.written();
                int count = Math.min(rows.length / dimension(), size() - first);
                read(first, count, rows);
                writer.append(rows, count);
                progress.advance(first + count, Map.of());
            }
            writer.finish();
            progress.end();
        }
    }
}
