package io.dino4j.data.vector;

import io.dino4j.data.file.Durable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes a {@link VectorFile} row by row. The rows go to a draft beside the file, {@code NAME.part}, which becomes the file when all are
 * there. A draft left by a killed run is gone on with: {@link #written()} tells how many rows survived. Not for several threads.
 */
public final class VectorFileWriter implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 20;

    private final Path file;
    private final Path draft;
    private final VectorType type;
    private final int dimension;
    private final FileChannel channel;
    private final ByteBuffer buffer;
    private long written; // handed over
    private long durable; // as the draft's header says
    private boolean finished;
    private boolean failed; // nothing more is taken

    private VectorFileWriter(Path file, VectorType type, int dimension, FileChannel channel) {
        this.file = file;
        this.draft = draft(file);
        this.type = type;
        this.dimension = dimension;
        this.channel = channel;
        int rowBytes = type.rowBytes(dimension);
        this.buffer = ByteBuffer.allocateDirect(Math.max(1, BUFFER_BYTES / rowBytes) * rowBytes)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private static Path draft(Path file) {
        return file.resolveSibling(file.getFileName() + ".part");
    }

    /**
     * Begins a file, or goes on with its draft.
     *
     * @param file to be written; one that exists is replaced by {@link #finish()}
     * @param type of the numbers
     * @param dimension D, 1 to 65,536
     * @return a writer after the last durable row
     * @throws IOException if the draft is of another type or dimension, is in use by another writer, or cannot be written
     */
    public static VectorFileWriter open(Path file, VectorType type, int dimension) throws IOException {
        VectorHeader empty = new VectorHeader(type, dimension, 0);
        Path target = file.toAbsolutePath();
        Path draft = draft(target);
        return open(
                target,
                empty,
                FileChannel.open(draft, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** A writer whose draft is that of a channel; it is closed if that fails. */
    static VectorFileWriter open(Path target, VectorHeader empty, FileChannel channel) throws IOException {
        VectorFileWriter writer = new VectorFileWriter(target, empty.type(), empty.dimension(), channel);
        try {
            lock(writer.draft, channel);
            if (channel.size() < VectorHeader.BYTES) { // new, or killed at once
                writer.write(empty);
            }
            writer.goOn(VectorHeader.read(writer.draft, channel));
            return writer;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Begins a file anew: a draft that a killed run has left is dropped.
     *
     * @param file to be written; one that exists is replaced by {@link #finish()}
     * @param type of the numbers
     * @param dimension D, 1 to 65,536
     * @return a writer of an empty file
     * @throws IOException if it cannot be written
     */
    public static VectorFileWriter create(Path file, VectorType type, int dimension) throws IOException {
        Files.deleteIfExists(draft(file.toAbsolutePath()));
        return open(file, type, dimension);
    }

    private static void lock(Path draft, FileChannel channel) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new IOException("%s: is being written by another run".formatted(draft));
        }
    }

    private void goOn(VectorHeader found) throws IOException {
        if (found.type() != type || found.dimension() != dimension) {
            throw new IOException("%s: an unfinished file of %s vectors of %d numbers; wanted are %s of %d: delete it"
                    .formatted(draft, found.type(), found.dimension(), type, dimension));
        }
        if (channel.size() < found.fileBytes()) {
            throw new IOException("%s: an unfinished file that has %d bytes where its header says %d: delete it"
                    .formatted(draft, channel.size(), found.fileBytes()));
        }
        channel.truncate(found.fileBytes());
        channel.position(found.fileBytes());
        written = found.size();
        durable = written;
    }

    /** Returns the rows handed over so far, those of earlier runs included. */
    public long written() {
        return written;
    }

    /** Returns the file of the unfinished rows. */
    public Path draft() {
        return draft;
    }

    /**
     * Appends rows. They survive a crash after {@link #flush()}.
     *
     * @param rows {@code [count, D]} finite numbers, from position 0 on
     * @param count from 0
     * @throws IllegalArgumentException if a number is not finite, or there are fewer; nothing is appended then
     * @throws IOException naming the file and the bytes that it needs, if it cannot be written; {@link #close()} keeps what fitted
     */
    public void append(float[] rows, int count) throws IOException {
        requireSound();
        check(rows, count);
        for (int i = 0; i < count; i++) {
            if (buffer.remaining() < type.rowBytes(dimension)) {
                drain();
            }
            type.encode(rows, i * dimension, dimension, buffer);
            written++;
        }
    }

    private void check(float[] rows, int count) {
        long numbers = (long) count * dimension;
        if (count < 0 || numbers > rows.length) {
            throw new IllegalArgumentException("%s: %d rows of %d numbers were to be written, and there are %d numbers"
                    .formatted(file, count, dimension, rows.length));
        }
        float largest = type == VectorType.FLOAT16 ? 65504 : Float.MAX_VALUE;
        for (int i = 0; i < numbers; i++) {
            if (!(Math.abs(rows[i]) <= largest)) {
                throw new IllegalArgumentException("%s: row %d holds %s, which %s does not"
                        .formatted(file, written + i / dimension, rows[i], type));
            }
        }
    }

    private void drain() throws IOException {
        buffer.flip();
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException e) {
            IOException failure = failure(e);
            written = (channel.position() - VectorHeader.BYTES) / type.rowBytes(dimension); // those that fitted
            throw failure;
        } finally {
            buffer.clear();
        }
    }

    /** Forbids all but closing, and says what was needed, which an error of the disk does not. */
    private IOException failure(IOException e) {
        failed = true;
        long needed = new VectorHeader(type, dimension, written).fileBytes();
        return Durable.failure(file, "its %d rows so far need %d bytes".formatted(written, needed), e);
    }

    /**
     * Makes the rows so far durable: a run killed later finds them again. Takes as long as the disk needs.
     *
     * @throws IOException naming the file and the bytes that it needs, if it cannot be written
     */
    public void flush() throws IOException {
        requireSound();
        drain();
        keep();
    }

    private void requireSound() {
        if (failed) {
            throw new IllegalStateException("%s: could not be written, nothing can follow".formatted(file));
        }
    }

    private void keep() throws IOException {
        if (written <= durable) {
            return;
        }
        try {
            channel.force(false); // the rows first: the header never says more than there is
        } catch (IOException e) {
            throw failure(e);
        }
        write(new VectorHeader(type, dimension, written));
        durable = written;
    }

    private void write(VectorHeader header) throws IOException {
        try {
            header.write(channel);
            channel.force(true);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /**
     * Makes the draft the file. Nothing can be appended afterwards.
     *
     * @throws IOException if it cannot be written; the file is then what it was
     */
    public void finish() throws IOException {
        flush();
        channel.close();
        Durable.publish(draft, file);
        finished = true;
    }

    /** Keeps the draft for another run, with all rows that the disk has taken, unless the file is finished. */
    @Override
    public void close() throws IOException {
        if (!finished && channel.isOpen()) {
            try (channel) {
                if (!failed) {
                    drain();
                }
                keep();
            }
        }
    }
}
