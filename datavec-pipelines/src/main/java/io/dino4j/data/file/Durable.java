package io.dino4j.data.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes files that are whole or not there, whatever happens to the process or the machine. */
public final class Durable {
    private Durable() {}

    /** What a file is to hold. */
    @FunctionalInterface
    public interface Content {
        /**
         * Writes it.
         *
         * @param draft a file that does not exist, in the folder of the final one
         * @throws IOException if it cannot be written
         */
        void writeTo(Path draft) throws IOException;
    }

    /**
     * Writes a hidden draft beside the file, flushes it to the disk and gives it its name. An old file is replaced, and stays what it is if
     * this fails.
     *
     * @param file target, in a folder that exists
     * @param content writes the draft
     * @throws IOException naming the file and what is wrong; no draft is left
     */
    public static void write(Path file, Content content) throws IOException {
        Path draft = file.resolveSibling("." + file.getFileName() + ".draft");
        try {
            Files.deleteIfExists(draft); // of a process that was killed
            content.writeTo(draft);
            publish(draft, file);
        } catch (IOException e) {
            String reason = e instanceof FileSystemException ? e.toString() : e.getMessage(); // often the path alone
            throw new IOException("%s: cannot be written: %s".formatted(file, reason), e);
        } finally {
            if (Files.exists(draft)) { // where the folder is none, deleting would fail for another reason
                Files.delete(draft);
            }
        }
    }

    /**
     * Gives a draft its name once its bytes are on the disk.
     *
     * @param draft a file, or a folder whose files are on the disk already
     * @param target in the same folder
     * @throws IOException if it cannot be flushed or renamed
     */
    public static void publish(Path draft, Path target) throws IOException {
        if (!Files.isDirectory(draft)) {
            try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
        }
        Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel names = FileChannel.open(target.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            names.force(true);
        } catch (IOException e) {
            // Windows opens no folders; there the rename itself has to do
        }
    }
}
