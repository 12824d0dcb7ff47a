package io.dino4j.examples.serve;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.Progress;
import io.dino4j.data.curation.DedupRule;
import io.dino4j.data.curation.EmbeddingSet;
import io.dino4j.data.curation.copy.CopyDescriptor;
import io.dino4j.data.curation.copy.CopyEdges;
import io.dino4j.data.curation.copy.CopyEmbedding;
import io.dino4j.data.curation.copy.CopyVerifier;
import io.dino4j.data.curation.copy.Deduplication;
import io.dino4j.data.curation.copy.ExactCopies;
import io.dino4j.data.curation.copy.PairVerification;
import io.dino4j.data.curation.copy.Quality;
import io.dino4j.data.file.Durable;
import io.dino4j.data.file.FileTree;
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.LocalBlocks;
import io.dino4j.data.vector.Neighbors;
import io.dino4j.data.vector.VectorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Near-duplicates of a set, as {@code curate dedup} finds them: altered copies whose images were looked at. They are worked out beside the server
 * when somebody first asks, and kept for as long as the images stay the same.
 */
final class CopyGroups {
    private static final String PREFIX = "copies-";
    private static final int KEY_DIGITS = 16;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ImageIndex index;
    private final String where;
    private final Path folder;
    private State state = new State("idle", "", 0, 0, -1, List.of());

    /**
     * How far it is.
     *
     * @param state idle, working, ready or failed
     * @param task what is being done, or why it failed
     * @param done units of the task
     * @param total units of the task
     * @param secondsLeft of the task; -1 if that is not known yet
     * @param groups images of the index, each group with the one to keep first; the largest group first
     */
    record State(String state, String task, long done, long total, double secondsLeft, List<List<Integer>> groups) {}

    /**
     * Those of an index.
     *
     * @param where as the images were named
     */
    CopyGroups(ImageIndex index, String where) {
        this.index = index;
        this.where = where;
        folder = index.folder().resolve(PREFIX + index.fingerprint().substring(0, KEY_DIGITS));
    }

    /** Looks, and begins if nobody has yet. */
    synchronized State look() {
        if (state.state.equals("idle")) {
            state = new State("working", "starting", 0, 0, -1, List.of());
            Thread thread = new Thread(this::run, "dino4j-copies");
            thread.setDaemon(true);
            thread.start();
        }
        return state;
    }

    private synchronized void set(State next) {
        state = next;
    }

    private void run() {
        try {
            Path file = folder.resolve("groups.json");
            List<List<Integer>> groups = Files.exists(file)
                    ? JSON.readValue(Files.readString(file), new TypeReference<List<List<Integer>>>() {})
                    : find(file);
            set(new State("ready", "", 1, 1, 0, groups));
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            set(new State("failed", String.valueOf(e.getMessage()), 0, 0, -1, List.of()));
        }
    }

    private List<List<Integer>> find(Path file) throws IOException {
        Files.createDirectories(folder);
        Progress progress = new Watch();
        EmbeddingSet set = new CopyEmbedding(
                        index.source(),
                        where,
                        Optional.empty(),
                        Runtime.getRuntime().availableProcessors(),
                        0)
                .run(folder.resolve("embedded"), VectorType.FLOAT32, true, progress);
        ExactCopies exact = ExactCopies.of(set.images());
        CopyEdges copies = copies(set, exact, progress);
        Deduplication done = Deduplication.of(
                Quality.of(set.images()),
                exact,
                copies,
                Deduplication.BenchmarkMatches.none(set.size()),
                (row, kept) -> 0); // nobody reads it here
        List<List<Integer>> groups = groups(set, done);
        Durable.write(file, draft -> Files.writeString(draft, JSON.writeValueAsString(groups)));
        FileTree.delete(folder.resolve("embedded"));
        dropOthers();
        return groups;
    }

    private static CopyEdges copies(EmbeddingSet set, ExactCopies exact, Progress progress) {
        int k = Math.min(set.size(), DedupRule.NEIGHBORS);
        float least = CopyDescriptor.CANDIDATE_THRESHOLD;
        Neighbors graph = new ExactNeighbors(LocalBlocks.of(set.vectors()), k, least).graph(progress);
        CopyEdges pairs = CopyEdges.of(graph, 0, least).onto(exact.first());
        progress.begin("looking at pairs", 0, pairs.count());
        float[] evidence = new PairVerification(set.source(), new CopyVerifier())
                .evidence(pairs.one(), pairs.other(), done -> progress.advance(done, Map.of()), progress::say);
        progress.end();
        boolean[] enough = new boolean[evidence.length];
        for (int e = 0; e < enough.length; e++) {
            enough[e] = evidence[e] >= CopyVerifier.DEFAULT_EVIDENCE;
        }
        return pairs.select(enough);
    }

    /** Groups of rows as groups of images of the index, which are matched by the hashes of their files. */
    private List<List<Integer>> groups(EmbeddingSet set, Deduplication done) {
        Map<String, List<Integer>> images = new HashMap<>();
        for (int i = 0; i < index.size(); i++) {
            images.computeIfAbsent(index.entry(i).row().sha256(), h -> new ArrayList<>())
                    .add(i);
        }
        Map<Integer, Set<Integer>> groups = new LinkedHashMap<>();
        for (int r = 0; r < done.removed().length; r++) {
            int kept = done.match()[r];
            Set<Integer> group = groups.computeIfAbsent(kept, key -> new LinkedHashSet<>(of(set, key, images)));
            group.addAll(of(set, done.removed()[r], images));
        }
        return groups.values().stream()
                .filter(g -> g.size() > 1)
                .map(List::copyOf)
                .sorted(Comparator.comparingInt((List<Integer> g) -> -g.size()).thenComparing(g -> g.get(0)))
                .toList();
    }

    private static List<Integer> of(EmbeddingSet set, int row, Map<String, List<Integer>> images) {
        return images.getOrDefault(set.images().row(row).sha256(), List.of());
    }

    /** Groups of what the set was before. */
    private void dropOthers() throws IOException {
        List<Path> others;
        try (var files = Files.list(index.folder())) {
            others = files.filter(f -> f.getFileName().toString().startsWith(PREFIX) && !f.equals(folder))
                    .toList();
        }
        for (Path other : others) {
            FileTree.delete(other);
        }
    }

    /** Puts what is done into the state. */
    private final class Watch implements Progress {
        private String task = "";
        private long first;
        private long total;
        private long begun;

        @Override
        public void begin(String name, long done, long of) {
            task = name;
            first = done;
            total = of;
            begun = System.nanoTime();
            set(new State("working", task, done, total, -1, List.of()));
        }

        @Override
        public void advance(long done, Map<String, Double> values) {
            double seconds = (System.nanoTime() - begun) / 1e9;
            double left = done > first ? seconds * (total - done) / (done - first) : -1;
            set(new State("working", task, done, total, left, List.of()));
        }

        @Override
        public void end() {
            // the next task says so
        }

        @Override
        public void say(String line) {
            // the index has told of unreadable images
        }
    }
}
