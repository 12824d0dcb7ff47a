package io.dino4j.train.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.data.file.Sha256;
import io.dino4j.zoo.weights.RunLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** {@code state.json}: written last; holds the run's state and the length and SHA-256 of every other file and of itself. */
record Manifest(int format, RunState state, Map<String, FileSum> files) {
    static final String NAME = RunLayout.STATE;
    private static final int FORMAT = 1;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Length and hash of a file. */
    record FileSum(long length, String sha256) {}

    static Manifest of(RunState state, Path dir, List<String> names) throws IOException {
        Map<String, FileSum> files = new TreeMap<>();
        for (String name : names) {
            files.put(name, sum(dir.resolve(name)));
        }
        return new Manifest(FORMAT, state, files);
    }

    byte[] toBytes() throws IOException {
        ObjectNode tree = JSON.valueToTree(this);
        tree.put("sha256", Sha256.of(JSON.writeValueAsBytes(this)));
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(tree);
    }

    /**
     * Reads a manifest and verifies it and every file it names.
     *
     * @throws CheckpointException if anything is missing, cut or altered
     */
    static Manifest readVerified(Path dir) {
        Path file = dir.resolve(NAME);
        try {
            JsonNode tree = JSON.readTree(Files.readString(file, StandardCharsets.UTF_8));
            if (tree.path("format").asInt() != FORMAT) {
                throw new CheckpointException("%s: format %s is not %d, the one this version reads"
                        .formatted(file, tree.path("format"), FORMAT));
            }
            String sum = ((ObjectNode) tree).remove("sha256").asText();
            Manifest manifest = JSON.treeToValue(tree, Manifest.class);
            if (!sum.equals(Sha256.of(JSON.writeValueAsBytes(manifest)))) {
                throw new CheckpointException("%s: was altered after it was written".formatted(file));
            }
            for (Map.Entry<String, FileSum> e : manifest.files.entrySet()) {
                manifest.verify(dir.resolve(e.getKey()), e.getValue());
            }
            return manifest;
        } catch (IOException | ClassCastException | NullPointerException e) {
            throw new CheckpointException("%s: cannot be read: %s".formatted(file, e), e);
        }
    }

    private void verify(Path file, FileSum expected) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) != expected.length()) {
            throw new CheckpointException("%s: is missing or not %d bytes long".formatted(file, expected.length()));
        }
        if (!sum(file).sha256().equals(expected.sha256())) {
            throw new CheckpointException("%s: its SHA-256 is not the one in %s".formatted(file, NAME));
        }
    }

    private static FileSum sum(Path file) throws IOException {
        return new FileSum(Files.size(file), Sha256.of(file));
    }
}
