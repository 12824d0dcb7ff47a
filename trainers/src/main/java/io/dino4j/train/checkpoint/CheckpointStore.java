package io.dino4j.train.checkpoint;

import io.dino4j.data.file.FileTree;
import io.dino4j.zoo.weights.BackboneMetadata;
import io.dino4j.zoo.weights.RunLayout;
import io.dino4j.zoo.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a run, folders named {@code step-00000123}. One is written as a hidden draft, flushed to the disk,
 * and renamed; until then the one before it is untouched, and older ones go only afterwards. A run that is killed, or a
 * disk that is full, at any moment leaves the last complete one.
 */
public final class CheckpointStore {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);
    private static final String DRAFT = ".draft-";
    private static final String TRASH = ".trash-";
    private static final String REPLACED = ".replaced-";

    private final Path root;
    private final int keep;

    private CheckpointStore(Path root, int keep) {
        this.root = root;
        this.keep = keep;
    }

    /**
     * The newest complete checkpoint of a folder that another process may be writing to; nothing is changed there.
     *
     * @param root folder of the checkpoints
     * @return empty if there is none
     */
    public static Optional<Checkpoint> latestIn(Path root) {
        return Files.isDirectory(root) ? new CheckpointStore(root, 1).latest() : Optional.empty();
    }

    /**
     * Opens a folder for checkpoints, makes it if need be, and removes what an interrupted run left half done.
     *
     * @param root folder of the checkpoints
     * @param keep how many to keep, 1 or more
     * @throws CheckpointException if it cannot be made
     */
    public static CheckpointStore open(Path root, int keep) {
        if (keep < 1) {
            throw new IllegalArgumentException("keep must be 1 or more, got " + keep);
        }
        try {
            Files.createDirectories(root);
            for (Path replaced : list(root, p -> p.startsWith(REPLACED))) {
                putBack(root, replaced);
            }
            for (Path left : list(root, p -> p.startsWith(DRAFT) || p.startsWith(TRASH) || p.startsWith(REPLACED))) {
                FileTree.delete(left);
            }
            return new CheckpointStore(root, keep);
        } catch (IOException e) {
            throw new CheckpointException("%s: cannot hold checkpoints: %s".formatted(root, e), e);
        }
    }

    /**
     * Writes a checkpoint that is good and removes those beyond the number to keep.
     *
     * @see #save(RunState, Snapshot, long)
     */
    public Path save(RunState state, Snapshot snapshot) {
        return save(state, snapshot, state.step());
    }

    /**
     * Writes a checkpoint and removes those beyond the number to keep, but never the newest good one.
     *
     * @param state where the run stands; its step names the folder, and one of the same step is replaced
     * @param snapshot the tensors
     * @param goodUpTo newest step whose checkpoint can be trusted as far as is known
     * @return the folder
     * @throws CheckpointException if it cannot be written; the checkpoints that exist are then untouched
     */
    public Path save(RunState state, Snapshot snapshot, long goodUpTo) {
        Path target = root.resolve(RunLayout.folder(state.step()));
        Path draft = root;
        try {
            draft = Files.createTempDirectory(root, DRAFT);
            write(draft, state, snapshot);
            Optional<Path> replaced =
                    Files.exists(target) ? Optional.of(moveAside(target, REPLACED)) : Optional.empty();
            Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
            sync(root);
            if (replaced.isPresent()) {
                FileTree.delete(replaced.get());
            }
        } catch (IOException | RuntimeException e) {
            removeDraft(draft, e);
            throw new CheckpointException("%s: could not be written: %s".formatted(target, e), e);
        }
        prune(goodUpTo);
        return target;
    }

    private static void write(Path dir, RunState state, Snapshot snapshot) throws IOException {
        Map<String, String> meta = new TreeMap<>(); // sorted: the order of Map.of differs from process to process
        meta.put("format", "pt");
        meta.put("step", Long.toString(state.step()));
        Map<String, String> network = new TreeMap<>(meta);
        network.putAll(BackboneMetadata.of(snapshot.backbone()));
        SafetensorsWriter.write(dir.resolve(RunLayout.STUDENT), snapshot.student(), network);
        SafetensorsWriter.write(dir.resolve(RunLayout.TEACHER), snapshot.teacher(), network);
        SafetensorsWriter.write(dir.resolve(Checkpoint.FIRST_MOMENT), snapshot.firstMoment(), meta);
        SafetensorsWriter.write(dir.resolve(Checkpoint.SECOND_MOMENT), snapshot.secondMoment(), meta);
        SafetensorsWriter.write(dir.resolve(Checkpoint.EXTRAS), snapshot.extras(), meta);
        List<String> names = List.of(
                RunLayout.STUDENT,
                RunLayout.TEACHER,
                Checkpoint.FIRST_MOMENT,
                Checkpoint.SECOND_MOMENT,
                Checkpoint.EXTRAS);
        ByteBuffer manifest = ByteBuffer.wrap(Manifest.of(state, dir, names).toBytes());
        try (FileChannel out =
                FileChannel.open(dir.resolve(Manifest.NAME), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (manifest.hasRemaining()) {
                out.write(manifest);
            }
            out.force(true);
        }
        sync(dir);
    }

    /**
     * The newest checkpoint that is complete and unaltered. Damaged ones are passed over with a warning.
     *
     * @return empty if there is none
     */
    public Optional<Checkpoint> latest() {
        return latestUpTo(Long.MAX_VALUE);
    }

    /**
     * The newest checkpoint up to a step that is complete and unaltered. Damaged ones are passed over with a warning.
     *
     * @return empty if there is none
     */
    public Optional<Checkpoint> latestUpTo(long step) {
        for (Path dir : newestFirst()) {
            if (step(dir) > step) {
                continue;
            }
            try {
                Checkpoint checkpoint = Checkpoint.open(dir);
                if (!dir.endsWith(RunLayout.folder(checkpoint.state().step()))) {
                    throw new CheckpointException("%s: holds step %d"
                            .formatted(dir, checkpoint.state().step()));
                }
                return Optional.of(checkpoint);
            } catch (CheckpointException e) {
                LOG.warn("skipping a damaged checkpoint: {}", e.getMessage());
            }
        }
        return Optional.empty();
    }

    /** Folders of complete checkpoints, newest first, not verified. */
    public List<Path> newestFirst() {
        try {
            return RunLayout.newestFirst(root);
        } catch (IOException e) {
            throw new CheckpointException("%s: cannot be listed: %s".formatted(root, e), e);
        }
    }

    private static long step(Path dir) {
        return RunLayout.step(dir).orElseThrow();
    }

    private void prune(long goodUpTo) {
        List<Path> all = newestFirst();
        Optional<Path> good = all.stream().filter(p -> step(p) <= goodUpTo).findFirst();
        for (Path old : all.subList(Math.min(keep, all.size()), all.size())) {
            if (good.isEmpty() || !old.equals(good.get())) {
                try {
                    discard(old);
                } catch (IOException e) {
                    LOG.warn("an old checkpoint could not be removed: {}: {}", old, e.toString());
                }
            }
        }
    }

    /**
     * Removes the checkpoints of later steps, newest first: what they hold is of no use.
     *
     * @throws CheckpointException if one cannot be removed
     */
    public void discardAfter(long step) {
        for (Path dir : newestFirst()) {
            if (step(dir) > step) {
                try {
                    discard(dir);
                } catch (IOException e) {
                    throw new CheckpointException("%s: cannot be removed: %s".formatted(dir, e), e);
                }
            }
        }
    }

    /** Renames first: a folder that is being deleted must not look like a checkpoint. */
    private void discard(Path dir) throws IOException {
        FileTree.delete(moveAside(dir, TRASH));
    }

    private Path moveAside(Path dir, String prefix) throws IOException {
        Path aside = Files.createTempDirectory(root, prefix);
        Files.move(dir, aside.resolve(dir.getFileName()), StandardCopyOption.ATOMIC_MOVE);
        return aside;
    }

    /** A run that ended between moving the old folder away and the new one in: the old one is still whole. */
    private static void putBack(Path root, Path replaced) throws IOException {
        for (Path old : RunLayout.newestFirst(replaced)) {
            if (!Files.exists(root.resolve(old.getFileName()))) {
                Files.move(old, root.resolve(old.getFileName()), StandardCopyOption.ATOMIC_MOVE);
            }
        }
    }

    private void removeDraft(Path draft, Exception reason) {
        if (!draft.equals(root)) {
            try {
                FileTree.delete(draft);
            } catch (IOException e) {
                reason.addSuppressed(e);
            }
        }
    }

    private static List<Path> list(Path root, Predicate<String> name) throws IOException {
        try (Stream<Path> all = Files.list(root)) {
            return all.filter(p -> name.test(p.getFileName().toString())).toList();
        }
    }

    /** Makes a rename inside a folder last; systems that cannot open folders flush them on their own. */
    private static void sync(Path dir) throws IOException {
        if (!System.getProperty("os.name").startsWith("Windows")) {
            try (FileChannel channel = FileChannel.open(dir, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
