package io.dino4j.data.parquet;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.apache.parquet.io.ParquetDecodingException;

/** Headers are a few dozen bytes with pages of a megabyte between them. */
final class HeaderStream extends InputStream {
    private final FileChannel channel;
    private final long end;
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 12).flip();
    private long next; // position in the file behind the buffer

    HeaderStream(FileChannel channel, long start, long end) {
        if (start < 0 || start > end) {
            throw new ParquetDecodingException("a column lies outside the file");
        }
        this.channel = channel;
        this.next = start;
        this.end = end;
    }

    long position() {
        return next - buffer.remaining();
    }

    void skipTo(long position) {
        long ahead = position - position();
        if (ahead <= buffer.remaining()) {
            buffer.position(buffer.position() + (int) ahead);
        } else {
            buffer.position(buffer.limit());
            next = position;
        }
    }

    @Override
    public int read() throws IOException {
        return fill() ? buffer.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int n = Math.min(length, buffer.remaining());
        buffer.get(to, offset, n);
        return n;
    }

    private boolean fill() throws IOException {
        if (buffer.hasRemaining()) {
            return true;
        }
        buffer.clear().limit((int) Math.max(0, Math.min(buffer.capacity(), end - next)));
        int n = buffer.limit() == 0 ? -1 : channel.read(buffer, next);
        buffer.flip();
        if (n > 0) {
            next += n;
        }
        return n > 0;
    }
}
