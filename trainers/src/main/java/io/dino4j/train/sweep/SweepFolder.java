package io.dino4j.train.sweep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.dino4j.data.file.Durable;
import io.dino4j.data.file.FileTree;
import io.dino4j.data.file.FolderLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The folder of a sweep: its settings, a folder and a result for each candidate, the reports. One process at a time has it. */
final class SweepFolder implements AutoCloseable {
    private static final String SETTINGS = "sweep.json";
    private static final String CANDIDATES = "candidates";
    private static final String RESULT = "result.json";

    private final Path path;
    private final FolderLock lock;

    private SweepFolder(Path path, FolderLock lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Opens the folder of a new sweep, or of one to go on with.
     *
     * @param settings what decides its results; one that was begun must have the same
     * @param force true to remove the results of other settings
     * @throws IllegalArgumentException if it holds other things, or a sweep with other settings
     * @throws IOException if it cannot be used, or another process has it
     */
    static SweepFolder open(Path path, Map<String, String> settings, boolean force) throws IOException {
        Path file = path.resolve(SETTINGS);
        if (!Files.exists(file) && isOccupied(path)) {
            throw new IllegalArgumentException(
                    "%s: is not empty and holds no sweep; name an empty or new folder with --out".formatted(path));
        }
        FolderLock lock = FolderLock.take(path);
        try {
            if (Files.exists(file)) {
                compare(path, settings(file), settings, force);
            }
            Durable.write(file, draft -> Files.writeString(draft, CandidateResult.JSON.writeValueAsString(settings)));
            Files.createDirectories(path.resolve(CANDIDATES));
            return new SweepFolder(path, lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static boolean isOccupied(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.anyMatch(f -> !f.getFileName().toString().equals(FolderLock.NAME));
        }
    }

    private static Map<String, String> settings(Path file) throws IOException {
        try {
            return CandidateResult.JSON.readValue(
                    Files.readString(file), new TypeReference<LinkedHashMap<String, String>>() {});
        } catch (JsonProcessingException e) {
            throw new IOException("%s: is damaged: %s; delete its folder".formatted(file, e.getOriginalMessage()), e);
        }
    }

    private static void compare(Path path, Map<String, String> before, Map<String, String> now, boolean force)
            throws IOException {
        Set<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(now.keySet());
        Optional<String> differing = keys.stream()
                .filter(k -> !Objects.equals(before.get(k), now.get(k)))
                .findFirst();
        if (differing.isEmpty()) {
            return;
        }
        if (!force) {
            throw new IllegalArgumentException("%s: %s; start anew with --force, or give another --out"
                    .formatted(path, difference(differing.get(), before, now)));
        }
        if (Files.exists(path.resolve(CANDIDATES))) {
            FileTree.delete(path.resolve(CANDIDATES));
        }
    }

    /** The lines that differ, of a value of many. */
    private static String difference(String key, Map<String, String> before, Map<String, String> now) {
        String old = before.getOrDefault(key, "nothing");
        String fresh = now.getOrDefault(key, "nothing");
        return "made with %s = %s, now it is %s".formatted(key, without(old, fresh), without(fresh, old));
    }

    private static String without(String text, String other) {
        Set<String> lines = Set.copyOf(other.lines().toList());
        return text.lines()
                .filter(l -> !lines.contains(l))
                .findFirst()
                .map(String::strip)
                .orElse("nothing");
    }

    /** Where reports go. */
    Path path() {
        return path;
    }

    /** The folder of a candidate; made if need be. */
    Path candidate(int index) throws IOException {
        return Files.createDirectories(path.resolve(CANDIDATES).resolve("%03d".formatted(index)));
    }

    /**
     * The result of a candidate; empty if there is none yet.
     *
     * @throws IOException if it is damaged
     */
    Optional<CandidateResult> result(int index) throws IOException {
        Path file = candidate(index).resolve(RESULT);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(CandidateResult.parse(Files.readString(file)));
        } catch (IOException e) {
            throw new IOException(
                    "%s: is damaged: %s; delete it, the candidate is run again".formatted(file, e.getMessage()), e);
        }
    }

    /** Keeps a result: whole or not at all. */
    void save(CandidateResult result) throws IOException {
        String text = CandidateResult.JSON.writeValueAsString(result.json());
        Durable.write(candidate(result.index()).resolve(RESULT), draft -> Files.writeString(draft, text + "\n"));
    }

    /** Removes the checkpoints of a candidate's runs: they are far larger than all the rest. */
    void dropCheckpoints(int index) throws IOException {
        try (Stream<Path> files = Files.walk(candidate(index), 2)) {
            for (Path folder : files.filter(f -> f.getFileName().toString().equals("checkpoints"))
                    .toList()) {
                FileTree.delete(folder);
            }
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
