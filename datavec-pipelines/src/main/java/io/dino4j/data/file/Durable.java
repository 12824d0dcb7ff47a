package io.dino4j.data.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
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
        write(file, content, "");
    }

    /**
     * The same with what is to be in the file, so that a failure tells how much room it needs.
     *
     * @param file target, in a folder that exists
     * @param bytes all of it
     * @throws IOException naming the file, what is wrong and the bytes needed; no draft is left
     */
    public static void write(Path file, byte[] bytes) throws IOException {
        write(file, draft -> Files.write(draft, bytes), "it needs %d bytes".formatted(bytes.length));
    }

    /** The same with a text in UTF-8. */
    public static void write(Path file, String text) throws IOException {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void write(Path file, Content content, String needed) throws IOException {
        Path draft = file.resolveSibling("." + file.getFileName() + ".draft");
        try {
            Files.deleteIfExists(draft); // of a process that was killed
            content.writeTo(draft);
            publish(draft, file);
        } catch (IOException e) {
            throw failure(file, needed.isEmpty() ? fitted(draft) : needed, e);
        } finally {
            if (Files.exists(draft)) { // where the folder is none, deleting would fail for another reason
                Files.delete(draft);
            }
        }
    }

    private static String fitted(Path draft) throws IOException {
        return Files.isRegularFile(draft) ? "%d bytes of it fitted".formatted(Files.size(draft)) : "";
    }

    /**
     * What to tell of a file that cannot be written: errors of a disk name neither the file nor how much was wanted of it.
     *
     * @param file target
     * @param more such as the bytes that it needs; may be empty
     * @param cause of the file system
     * @return an exception of one line: the file, the reason, and more
     */
    public static IOException failure(Path file, String more, IOException cause) {
        return new IOException(
                "%s: cannot be written: %s%s".formatted(file, reason(cause), more.isEmpty() ? "" : "; " + more), cause);
    }

    private static String reason(IOException e) {
        if (e instanceof FileSystemException f) { // without a reason its message is the path alone
            return f.getReason() == null ? f.toString() : f.getReason();
        }
        return e.getMessage();
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
