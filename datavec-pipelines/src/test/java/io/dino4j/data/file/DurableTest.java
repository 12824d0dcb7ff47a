package io.dino4j.data.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told of a file that cannot be written, and what is left of it. */
final class DurableTest {
    @TempDir
    Path folder;

    private String message(Durable.Content content) {
        Path file = folder.resolve("rows.bin");
        String line = assertThrows(IOException.class, () -> Durable.write(file, content))
                .getMessage();
        return line.replace(file.toString(), "FILE");
    }

    @Test
    void aFailureNamesTheFileTheReasonAndWhatFitted() throws IOException {
        Files.writeString(folder.resolve("rows.bin"), "before");
        assertEquals("FILE: cannot be written: No space left on device; 3 bytes of it fitted", message(draft -> {
            Files.writeString(draft, "abc");
            throw new IOException("No space left on device");
        }));
        assertEquals("before", Files.readString(folder.resolve("rows.bin")));
        try (var left = Files.list(folder)) {
            assertEquals(1, left.count(), "no draft is left");
        }
    }

    @Test
    void aFailureTellsWhatIsNeededWhereThatIsKnown() throws IOException {
        Path file = Files.createDirectories(folder.resolve("rows.bin").resolve("in the way"))
                .getParent();
        IOException e = assertThrows(IOException.class, () -> Durable.write(file, new byte[1234]));
        assertTrue(e.getMessage().startsWith(file + ": cannot be written: "), e.getMessage());
        assertTrue(e.getMessage().endsWith("; it needs 1234 bytes"), e.getMessage());
        Durable.write(folder.resolve("text"), "ä");
        assertEquals("ä", Files.readString(folder.resolve("text")));
    }

    @Test
    void errorsOfTheFileSystemAreToldByTheirReason() {
        assertEquals("FILE: cannot be written: No space left on device", message(draft -> {
            throw new FileSystemException(draft.toString(), null, "No space left on device");
        }));
        assertEquals("FILE: cannot be written: java.nio.file.AccessDeniedException: elsewhere", message(draft -> {
            throw new AccessDeniedException("elsewhere");
        }));
    }
}
