package io.dino4j.train.cluster.wire;

import io.aeron.CommonContext;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a media driver keeps its logs: in memory where the system has such a folder, closed to other users. A process that is killed
 * leaves its folder, and with it memory, behind; the next one removes it.
 */
final class DriverFolder {
    private static final Path MEMORY = Path.of("/dev/shm");
    private static final Pattern NAME = Pattern.compile("dino4j-(\\d+)-.*");
    /** Containers often have 64 MiB there, and a log that finds no room ends the process. */
    private static final long LEAST_SPACE = 256L << 20;

    private static final long SILENT_MS = 10_000;

    private final Path root;

    private DriverFolder(Path root) {
        this.root = root;
    }

    static DriverFolder create() throws IOException {
        boolean inMemory = Files.isWritable(MEMORY) && MEMORY.toFile().getUsableSpace() >= LEAST_SPACE;
        Path parent = inMemory ? MEMORY : Path.of(System.getProperty("java.io.tmpdir"));
        removeLeftovers(parent);
        return new DriverFolder(Files.createTempDirectory(
                parent, "dino4j-%d-".formatted(ProcessHandle.current().pid())));
    }

    /** The driver's own, which it makes and removes itself. */
    Path path() {
        return root.resolve("aeron");
    }

    void remove(Consumer<String> log) {
        try {
            remove(root);
        } catch (IOException e) {
            log.accept("%s is left behind: %s".formatted(root, e.getMessage()));
        }
    }

    private static void removeLeftovers(Path parent) throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, "dino4j-*")) {
            for (Path folder : folders) {
                if (isLeftover(folder)) {
                    remove(folder);
                }
            }
        } catch (IOException e) {
            // another process removes the same at this moment, or it is another user's
        }
    }

    /** The process is not there; and as it may be in another container, its driver has shown no sign of life either. */
    private static boolean isLeftover(Path folder) {
        Matcher name = NAME.matcher(folder.getFileName().toString());
        return name.matches()
                && name.group(1).length() < 10
                && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty()
                && !CommonContext.isDriverActive(folder.resolve("aeron").toFile(), SILENT_MS, line -> {});
    }

    private static void remove(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException fault) throws IOException {
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
