package io.dino4j.data.source;

import io.dino4j.data.image.UnreadableImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Parts of files. A file is opened for each read, which costs microseconds: a source has nothing to close. */
final class Stretches {
    /** Largest accepted image file, in bytes. */
    static final long MAX_IMAGE = 512L << 20;

    private Stretches() {}

    /**
     * Reads a part of a file. Sizes are checked against the file before memory is taken.
     *
     * @throws UnreadableImageException if the file is missing or too short
     */
    static byte[] read(Path file, long offset, long length, String name) throws UnreadableImageException {
        if (length > MAX_IMAGE) {
            throw new UnreadableImageException(name, "file of " + (length >> 20) + " MB is too large");
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (offset > channel.size() - length) {
                throw new UnreadableImageException(
                        name,
                        "lies at bytes %d to %d of a file of %d".formatted(offset, offset + length, channel.size()));
            }
            ByteBuffer to = ByteBuffer.allocate((int) length);
            while (to.hasRemaining() && channel.read(to, offset + to.position()) >= 0) {
                // until all is read or the file has become shorter
            }
            if (to.hasRemaining()) {
                throw new UnreadableImageException(name, "the file is truncated");
            }
            return to.array();
        } catch (UnreadableImageException e) {
            throw e;
        } catch (IOException e) {
            throw new UnreadableImageException(name, e);
        }
    }
}
