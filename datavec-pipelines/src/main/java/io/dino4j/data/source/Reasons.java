package io.dino4j.data.source;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** One line for a failure of the file system, whose own messages are often the name of the file alone. */
final class Reasons {
    private Reasons() {}

    static String of(Path file, IOException e) {
        if (e instanceof NoSuchFileException) {
            return file + ": no such file";
        }
        if (e instanceof FileSystemException f) {
            String reason = f.getReason() == null ? e.getClass().getSimpleName() : f.getReason();
            return "%s: cannot be read: %s".formatted(file, reason);
        }
        String message = String.valueOf(e.getMessage());
        return message.startsWith(file.toString()) ? message : "%s: cannot be read: %s".formatted(file, message);
    }
}
