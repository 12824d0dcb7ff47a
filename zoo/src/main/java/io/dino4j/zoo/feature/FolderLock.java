package io.dino4j.zoo.feature;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Keeps other processes, and other stores of this one, out of a folder. A process that dies frees it. */
final class FolderLock implements AutoCloseable {
    static final String NAME = "lock";

    /** Behind the token: Windows lets nobody read what is locked. */
    private static final long LOCKED = 1 << 10;

    private final Path folder;
    private final FileChannel channel;

    private FolderLock(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    static FolderLock take(Path folder) throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IOException("%s: is no folder; move it away".formatted(folder));
        }
        while (true) {
            Files.createDirectories(folder);
            FileChannel channel;
            try {
                channel = FileChannel.open(folder.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            } catch (NoSuchFileException e) {
                continue; // the other process has just removed the folder
            }
            FolderLock lock = new FolderLock(folder, channel);
            try {
                lock.acquire();
                if (lock.isOfThisFile()) {
                    return lock;
                }
            } catch (IOException | RuntimeException e) {
                lock.close();
                throw e;
            }
            lock.close();
        }
    }

    private void acquire() throws IOException {
        FileLock held;
        try {
            held = channel.tryLock(LOCKED, 1, false);
        } catch (OverlappingFileLockException e) {
            held = null;
        }
        if (held == null) {
            throw new IOException(
                    "%s: another run is writing here; wait for its end or give another --out".formatted(folder));
        }
    }

    /** Whoever had the lock before may have deleted the file that it was on: a lock on a deleted file keeps nobody out. */
    private boolean isOfThisFile() throws IOException {
        String token = UUID.randomUUID().toString();
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(token.getBytes(StandardCharsets.UTF_8)), 0);
        try {
            return Files.readString(folder.resolve(NAME)).equals(token);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    void removeFolder() throws IOException {
        Files.deleteIfExists(folder.resolve(NAME));
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // something of the user, or of a run that has just begun
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
