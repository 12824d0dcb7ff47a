package io.dino4j.data.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps other processes, and other stores of this one, out of a folder. A process that dies frees it.
 *
 * <p>POSIX frees a lock as soon as its process closes any other handle of the file: nothing here opens the file a second time.
 */
public final class FolderLock implements AutoCloseable {
    /** The file in the folder that is locked. */
    public static final String NAME = "lock";

    private static final int LARGEST = 1 << 24;

    /** Folders locked by this process. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path folder;
    private final Path key;
    private final FileChannel channel;

    private FolderLock(Path folder, Path key, FileChannel channel) {
        this.folder = folder;
        this.key = key;
        this.channel = channel;
    }

    /**
     * Takes a folder, which is made if need be.
     *
     * @throws IOException if it is no folder, or another run has it
     */
    public static FolderLock take(Path folder) throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IOException("%s: is no folder; move it away".formatted(folder));
        }
        Files.createDirectories(folder);
        Path key = folder.toRealPath();
        if (!HELD.add(key)) {
            throw taken(folder);
        }
        try {
            return new FolderLock(folder, key, locked(folder));
        } catch (IOException | RuntimeException e) {
            HELD.remove(key);
            throw e;
        }
    }

    private static FileChannel locked(Path folder) throws IOException {
        Path file = folder.resolve(NAME);
        while (true) {
            Files.createDirectories(folder); // another process may just have removed it
            FileChannel channel;
            try {
                channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            } catch (NoSuchFileException e) {
                continue;
            }
            try {
                if (channel.tryLock() == null) {
                    throw taken(folder);
                }
                if (isOpenFileAt(file, channel)) {
                    return channel;
                }
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
            channel.close();
        }
    }

    private static IOException taken(Path folder) {
        return new IOException(
                "%s: another run is writing here; wait for its end or give another --out".formatted(folder));
    }

    /**
     * Whoever had the lock before may have deleted the file that it was on, and a lock on a deleted file keeps nobody out. The open file
     * is told from one that has come after it by a length drawn at random.
     */
    private static boolean isOpenFileAt(Path file, FileChannel channel) throws IOException {
        int length = (int) (UUID.randomUUID().getLeastSignificantBits() & (LARGEST - 1));
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(new byte[1]), length);
        try {
            return Files.size(file) == length + 1L;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Removes the folder; one with something else in it stays. The lock must still be held. */
    public void removeFolder() throws IOException {
        Files.deleteIfExists(folder.resolve(NAME));
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // something of the user, or of a run that has just begun
        }
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            HELD.remove(key);
        }
    }
}
