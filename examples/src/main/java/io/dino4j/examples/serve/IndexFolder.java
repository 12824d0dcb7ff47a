package io.dino4j.examples.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.file.Durable;
import io.dino4j.data.file.FileTree;
import io.dino4j.data.file.FolderLock;
import io.dino4j.data.file.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where an index lies: {@code index.json} (what its features depend on), {@code segment-NNNNNN} (see {@link Segment}), {@code listing.json} (hashes
 * of images by their stamps, so that an image need not be read again to be known), and {@code copies-...}.
 *
 * @param path the folder
 */
record IndexFolder(Path path) {
    private static final String FORMAT = "1";
    private static final String SETTINGS = "index.json";
    private static final String LISTING = "listing.json";
    private static final String SEGMENT = "segment-";
    private static final int KEY_DIGITS = 16;

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * The folder for images and weights unless another is named, below the user's cache.
     *
     * @param images as they were named
     * @param network name of the weights
     * @param size pixels that the network sees
     */
    static Path usual(String images, String network, int size) {
        String cache = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
        Path base = cache.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(cache);
        String where = Path.of(images).toAbsolutePath().normalize().toString();
        String key = Sha256.ofLines(Stream.of(where, network, Integer.toString(size)));
        return base.resolve("dino4j").resolve("serve").resolve(key.substring(0, KEY_DIGITS));
    }

    /**
     * Checks that features of this network belong here, and notes it in a new folder.
     *
     * @throws IllegalArgumentException if the folder holds something else
     * @throws IOException if it cannot be read or written
     */
    void claim(SearchNetwork network) throws IOException {
        Map<String, String> wanted = new LinkedHashMap<>();
        wanted.put("format", FORMAT);
        wanted.put("network", network.name());
        wanted.put("size", Integer.toString(network.size()));
        Path file = path.resolve(SETTINGS);
        if (!Files.exists(file)) {
            Durable.write(file, draft -> Files.writeString(draft, JSON.writeValueAsString(wanted) + "\n"));
            return;
        }
        Map<String, String> found;
        try {
            found = JSON.readValue(Files.readString(file), new TypeReference<Map<String, String>>() {});
        } catch (JsonProcessingException e) {
            throw new IOException("%s: is damaged: %s; delete its folder".formatted(file, e.getOriginalMessage()));
        }
        for (String key : wanted.keySet()) {
            if (!wanted.get(key).equals(found.get(key))) {
                throw new IllegalArgumentException(
                        "%s: is an index of another %s (%s, now %s); name another folder with --index, or delete it"
                                .formatted(path, key, found.get(key), wanted.get(key)));
            }
        }
    }

    /**
     * Checks that nothing else lies here, before anything is written.
     *
     * @throws IllegalArgumentException if it does
     */
    void requireOwn() throws IOException {
        if (!Files.isDirectory(path) || Files.exists(path.resolve(SETTINGS))) {
            return;
        }
        try (Stream<Path> files = Files.list(path)) {
            if (files.anyMatch(f -> !f.getFileName().toString().equals(FolderLock.NAME))) {
                throw new IllegalArgumentException(
                        "%s: holds other files and no index; name a new folder with --index".formatted(path));
            }
        }
    }

    /** Opens its segments, the oldest first, and drops what a killed run has left. */
    List<Segment> segments() throws IOException {
        List<Segment> segments = new ArrayList<>();
        for (Path folder : folders()) {
            if (Segment.isDraft(folder)) {
                FileTree.delete(folder);
            } else {
                segments.add(Segment.open(folder));
            }
        }
        return segments;
    }

    /** The folder of the next segment. */
    Path next() throws IOException {
        List<Path> folders = folders();
        String last = folders.isEmpty()
                ? SEGMENT + "0"
                : folders.get(folders.size() - 1).getFileName().toString();
        int number = Integer.parseInt(last.replaceAll("\\D", ""));
        return path.resolve("%s%06d".formatted(SEGMENT, number + 1));
    }

    private List<Path> folders() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.filter(f -> f.getFileName().toString().matches(SEGMENT + "\\d{6}(\\.draft)?"))
                    .sorted()
                    .toList();
        }
    }

    /** Hashes by stamp; empty if nothing was written yet, or it is damaged: it only saves time. */
    Map<String, String> listing() throws IOException {
        Path file = path.resolve(LISTING);
        if (!Files.exists(file)) {
            return new LinkedHashMap<>();
        }
        try {
            return JSON.readValue(file.toFile(), new TypeReference<LinkedHashMap<String, String>>() {});
        } catch (JsonProcessingException e) {
            return new LinkedHashMap<>();
        }
    }

    void writeListing(Map<String, String> hashes) throws IOException {
        Durable.write(path.resolve(LISTING), draft -> JSON.writeValue(draft.toFile(), hashes));
    }
}
