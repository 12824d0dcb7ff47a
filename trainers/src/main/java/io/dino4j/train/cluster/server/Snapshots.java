package io.dino4j.train.cluster.server;

import io.dino4j.data.DaemonThreads;
import io.dino4j.data.file.Durable;
import io.dino4j.data.file.Sha256;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.SafetensorsWriter;
import io.dino4j.zoo.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The states that a server has put on its disk, one file each: {@code step-00000050.<sha-256>.safetensors}, the hash that of the file. A
 * file appears whole or not at all; the two newest are kept.
 */
final class Snapshots implements AutoCloseable {
    private static final int KEPT = 2;
    private static final Pattern NAME = Pattern.compile("step-(\\d{8,18})\\.([0-9a-f]{64})\\.safetensors");
    private static final String DRAFT = ".snapshot.draft";
    private static final Pattern DRAFTS = Pattern.compile("\\.+snapshot\\.draft.*");

    /**
     * Where a state stands.
     *
     * @param configHash of the run
     * @param shard number of the server
     * @param shards servers
     * @param length floats of its range
     * @param generation of the state
     * @param step steps done
     * @param optimizerSteps updates made
     * @param note of the last commit
     */
    record Header(
            String configHash,
            int shard,
            int shards,
            long length,
            long generation,
            long step,
            long optimizerSteps,
            byte[] note) {

        private Map<String, String> toMetadata() {
            Map<String, String> meta = new TreeMap<>(); // sorted: equal states are written equally
            meta.put("config_hash", configHash);
            meta.put("shard", Integer.toString(shard));
            meta.put("shards", Integer.toString(shards));
            meta.put("length", Long.toString(length));
            meta.put("generation", Long.toString(generation));
            meta.put("step", Long.toString(step));
            meta.put("optimizer_steps", Long.toString(optimizerSteps));
            meta.put("note", Base64.getEncoder().encodeToString(note));
            return meta;
        }

        private static Header of(Map<String, String> meta) {
            return new Header(
                    meta.getOrDefault("config_hash", ""),
                    Integer.parseInt(meta.get("shard")),
                    Integer.parseInt(meta.get("shards")),
                    Long.parseLong(meta.get("length")),
                    Long.parseLong(meta.get("generation")),
                    Long.parseLong(meta.get("step")),
                    Long.parseLong(meta.get("optimizer_steps")),
                    Base64.getDecoder().decode(meta.getOrDefault("note", "")));
        }
    }

    private record Entry(Path file, Header header) {}

    private final Path folder;
    private final Consumer<String> log;
    private final List<Entry> entries; // newest first; the writer's while it writes
    private final ExecutorService writer = Executors.newSingleThreadExecutor(new DaemonThreads("dino4j-snapshot"));
    private Optional<Future<?>> writing = Optional.empty();

    private Snapshots(Path folder, Consumer<String> log, List<Entry> entries) {
        this.folder = folder;
        this.log = log;
        this.entries = entries;
    }

    /**
     * Reads what is in a folder, and makes it if there is none; damaged files are passed over with a line.
     *
     * @throws IllegalArgumentException if there can be no such folder
     */
    static Snapshots open(Path folder, Consumer<String> log) {
        List<Entry> entries = new ArrayList<>();
        try {
            Files.createDirectories(folder);
            for (Path draft : list(folder, DRAFTS)) { // of a process that was killed
                Files.delete(draft);
            }
            for (Path file : list(folder, NAME)) {
                try {
                    entries.add(new Entry(file, verified(file)));
                } catch (WeightsException e) {
                    log.accept("skipping a damaged snapshot: " + e.getMessage());
                }
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("%s: cannot hold snapshots: %s".formatted(folder, e), e);
        }
        entries.sort(Comparator.comparingLong((Entry e) -> e.header.step).reversed());
        return new Snapshots(folder, log, entries);
    }

    private static List<Path> list(Path folder, Pattern name) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(p -> name.matcher(p.getFileName().toString()).matches())
                    .sorted()
                    .toList();
        }
    }

    private static Header verified(Path file) throws IOException {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (!name.matches() || !Sha256.of(file).equals(name.group(2))) {
            throw new WeightsException("%s: its SHA-256 is not the one in its name".formatted(file));
        }
        try (Safetensors tensors = Safetensors.open(file)) {
            return Header.of(tensors.metadata());
        } catch (IllegalArgumentException e) {
            throw new WeightsException("%s: is no snapshot of a server: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** Steps that can be restored, newest first. */
    long[] steps() {
        settle();
        return entries.stream().mapToLong(e -> e.header.step).toArray();
    }

    /** The greatest generation of any; 0 without one. */
    long generation() {
        return entries.stream().mapToLong(e -> e.header.generation).max().orElse(0);
    }

    /** Removes what this server has put here in other configurations: those of phases that are over. */
    void discardOtherConfigurations(Plan plan) {
        boolean isOurs = entries.stream().allMatch(e -> isOfServer(e.header, plan));
        boolean isOther = entries.stream()
                .anyMatch(e -> !e.header.configHash.equals(plan.wanted().configHash()));
        if (isOurs && isOther) {
            discardFrom(0);
        }
    }

    private static boolean isOfServer(Header h, Plan plan) {
        return h.shard == plan.wanted().shard() && h.shards == plan.wanted().shards();
    }

    /**
     * Refuses a folder that another server left, or this one in another run.
     *
     * @throws IllegalArgumentException saying what to do
     */
    void requireOf(Plan plan) {
        for (Entry e : entries) {
            Header h = e.header;
            boolean fits = isOfServer(h, plan)
                    && h.length == plan.shard().length()
                    && h.configHash.equals(plan.wanted().configHash());
            if (!fits) {
                throw new IllegalArgumentException(
                        ("%s: is of shard %d/%d of configuration %s, not of %d/%d of %s; give the server an empty folder for its"
                                        + " state: the run goes on from its newest checkpoint")
                                .formatted(
                                        e.file,
                                        h.shard,
                                        h.shards,
                                        Plan.abbreviated(h.configHash),
                                        plan.wanted().shard(),
                                        plan.wanted().shards(),
                                        Plan.abbreviated(plan.wanted().configHash())));
            }
        }
    }

    /**
     * Begins to write a state, and to remove what is beyond the number to keep. A disk that is full costs a line; the older ones are kept.
     *
     * @param vectors must stay as they are until {@link #settle} returns
     */
    void save(Header header, Map<StateVector, INDArray> vectors) {
        settle();
        writing = Optional.of(writer.submit(() -> write(header, vectors)));
    }

    /** Waits for a state that is being written. */
    void settle() {
        boolean interrupted = false;
        while (writing.isPresent()) {
            try {
                writing.get().get();
                writing = Optional.empty();
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (ExecutionException e) {
                writing = Optional.empty();
                throw new IllegalStateException(e.getCause());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(Header header, Map<StateVector, INDArray> vectors) {
        Path draft = folder.resolve(DRAFT);
        try {
            Map<String, INDArray> tensors = new LinkedHashMap<>();
            vectors.forEach((v, array) -> tensors.put(name(v), array));
            SafetensorsWriter.write(draft, tensors, header.toMetadata());
            Path file = folder.resolve("step-%08d.%s.safetensors".formatted(header.step, Sha256.of(draft)));
            Durable.publish(draft, file);
            entries.removeIf(e -> e.header.step == header.step);
            entries.add(new Entry(file, header));
            entries.sort(Comparator.comparingLong((Entry e) -> e.header.step).reversed());
            prune();
        } catch (IOException | RuntimeException e) {
            log.accept("%s: no snapshot of step %d: %s".formatted(folder, header.step, e.getMessage()));
        }
    }

    private static String name(StateVector vector) {
        return vector.name().toLowerCase(Locale.ROOT);
    }

    /** Removes every file that is not among the newest, damaged ones too. */
    private void prune() throws IOException {
        entries.subList(Math.min(KEPT, entries.size()), entries.size()).clear();
        for (Path file : list(folder, NAME)) {
            if (entries.stream().noneMatch(e -> e.file.equals(file))) {
                Files.delete(file);
            }
        }
    }

    /**
     * Reads a state.
     *
     * @param step one of {@link #steps}
     * @param vectors written
     * @throws WeightsException if the file is damaged; it is not offered any more, and the vectors may hold anything
     */
    Header load(long step, Map<StateVector, INDArray> vectors) {
        settle();
        Entry entry =
                entries.stream().filter(e -> e.header.step == step).findFirst().orElseThrow();
        try (Safetensors tensors = Safetensors.open(entry.file)) {
            Header header = verified(entry.file);
            vectors.forEach((v, array) -> tensors.readInto(name(v), array));
            return header;
        } catch (IOException | WeightsException e) {
            entries.remove(entry);
            throw new WeightsException("a damaged snapshot is not used: " + e.getMessage(), e);
        }
    }

    /** Removes the states of a step and later ones: the run goes another way from there. */
    void discardFrom(long step) {
        settle();
        try {
            entries.removeIf(e -> e.header.step >= step);
            prune();
        } catch (IOException e) {
            throw new IllegalArgumentException("%s: old snapshots cannot be removed: %s".formatted(folder, e), e);
        }
    }

    /** Ends the thread that writes, after what it is at. */
    @Override
    public void close() {
        settle();
        writer.shutdown();
    }
}
