package io.dino4j.data.curation.copy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.UnreadableImageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Real photos: each copy of the first originals is one of its own original and of no other. */
final class SharedCopiesTest {
    private static final int ORIGINALS = 10;

    @Test
    void copiesOfPhotosAreConfirmedAndOthersAreNot() throws IOException {
        Path folder = folder();
        assumeTrue(Files.isDirectory(folder), folder + " is not here: no photos to look at");
        Map<String, List<String>> copies = new TreeMap<>();
        List<String> lines = Files.readAllLines(folder.resolve("ground_truth.csv"));
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split(",", 4);
            copies.computeIfAbsent(fields[1], o -> new ArrayList<>()).add(fields[0]);
        }
        List<String> originals = List.copyOf(copies.keySet()).subList(0, ORIGINALS);
        Map<String, LocalFeatures> features = new HashMap<>();
        for (String original : originals) {
            features.put(original, read(folder.resolve("originals").resolve(original)));
        }
        CopyVerifier verifier = new CopyVerifier();
        int found = 0;
        int falsely = 0;
        for (String original : originals) {
            for (String copy : copies.get(original)) {
                LocalFeatures altered = read(folder.resolve("copies").resolve(copy));
                for (String candidate : originals) {
                    boolean same = verifier.isCopy(altered, features.get(candidate));
                    found += same && candidate.equals(original) ? 1 : 0;
                    falsely += same && !candidate.equals(original) ? 1 : 0;
                }
            }
        }
        assertEquals(0, falsely);
        assertTrue(found >= 4 * ORIGINALS - 2, found + " of " + 4 * ORIGINALS);
    }

    private static LocalFeatures read(Path file) throws UnreadableImageException {
        return LocalFeatures.of(ImageDecoder.read(file));
    }

    private static Path folder() {
        Path dir = Path.of("").toAbsolutePath();
        while (dir != null && !Files.isDirectory(dir.resolve("samediff-graphs"))) {
            dir = dir.getParent();
        }
        return (dir == null ? Path.of("") : dir)
                .resolve("../shared/data/copies")
                .normalize();
    }
}
