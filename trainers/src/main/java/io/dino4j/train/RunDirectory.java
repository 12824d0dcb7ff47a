package io.dino4j.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.checkpoint.CheckpointStore;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.zoo.weights.NetworkRole;
import io.dino4j.zoo.weights.RunLayout;
import io.dino4j.zoo.weights.WeightFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/** The folder of a run: what was asked for, what happened, and the weights. One process at a time may write to it. */
public final class RunDirectory implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String LOCK = ".lock";
    private static final String CONFIG = "config.yaml";
    private static final String ID = "run-id";
    private static final String TEACHER = "teacher";

    /** What a run that ended before it recorded its configuration may leave behind. */
    private static final Set<String> TRACES = Set.of(LOCK, draftName(CONFIG), ID, draftName(ID));

    private final Path path;
    private final FileChannel lock;
    private final boolean created;

    private RunDirectory(Path path, FileChannel lock, boolean created) {
        this.path = path;
        this.lock = lock;
        this.created = created;
    }

    /**
     * Opens the folder of a new run, or of one to go on with.
     *
     * @param resume true if it may hold a run already
     * @throws IllegalArgumentException if it holds something that would be mixed up or lost
     * @throws TrainingException if another process writes to it, or it cannot be made
     */
    public static RunDirectory open(Path path, boolean resume) {
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new IllegalArgumentException("%s is a file; name a folder for the run with --out".formatted(path));
        }
        boolean run = holdsRun(path);
        if (run && !resume) {
            throw new IllegalArgumentException(
                    "%s holds a run already; add --resume to go on with it, or name another folder with --out"
                            .formatted(path));
        }
        if (!run && isOccupied(path)) {
            throw new IllegalArgumentException(
                    "%s is not empty and holds no run; name an empty or new folder with --out".formatted(path));
        }
        try {
            boolean created = !Files.exists(path);
            Files.createDirectories(path);
            FileChannel channel =
                    FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!tryLock(channel)) {
                channel.close();
                throw new TrainingException(
                        "another process is writing to %s; wait for it, or name another folder with --out"
                                .formatted(path));
            }
            return new RunDirectory(path, channel, created);
        } catch (IOException e) {
            throw new TrainingException("%s cannot be used for a run: %s".formatted(path, e.getMessage()));
        }
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            FileLock held = channel.tryLock();
            return held != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /** True if a folder is that of a run. */
    public static boolean holdsRun(Path path) {
        return Files.exists(path.resolve(CONFIG));
    }

    /** The run that a path names: itself, or the one whose checkpoint, or file in a checkpoint, it is. */
    static Optional<Path> runOf(Path path) {
        Path all = path.toAbsolutePath().normalize();
        for (Path folder = all; folder != null; folder = folder.getParent()) {
            if (holdsRun(folder) && (folder.equals(all) || all.startsWith(folder.resolve(RunLayout.CHECKPOINTS)))) {
                return Optional.of(folder);
            }
        }
        return Optional.empty();
    }

    /** The configuration of a run, as it is recorded. */
    static RunConfig config(Path path) {
        return ConfigLayers.defaults().file(path.resolve(CONFIG)).resolve();
    }

    /** True if a folder is that of a run that has done all its steps. */
    static boolean isDone(Path path) {
        if (!holdsRun(path)) {
            return false;
        }
        RunConfig config = config(path);
        return CheckpointStore.latestIn(path.resolve(RunLayout.CHECKPOINTS))
                .filter(c -> c.state().step() >= config.stepsBefore(config.phaseCount()))
                .isPresent();
    }

    /**
     * The file of weights that a path names: of a run, or of one of its checkpoints, the averaged network, after verification; else what
     * {@link WeightFiles} finds there.
     *
     * @throws TrainingException if it is a run without a checkpoint
     * @throws io.dino4j.zoo.weights.WeightsException if it is a folder without weights
     */
    public static Path weights(Path path) {
        if (holdsRun(path)) {
            return CheckpointStore.latestIn(path.resolve(RunLayout.CHECKPOINTS))
                    .orElseThrow(() -> new TrainingException("%s has no complete checkpoint yet".formatted(path)))
                    .teacherFile();
        }
        return RunLayout.isCheckpoint(path)
                ? Checkpoint.open(path).teacherFile()
                : WeightFiles.find(path, NetworkRole.TEACHER);
    }

    private static boolean isOccupied(Path path) {
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.anyMatch(f -> !TRACES.contains(f.getFileName().toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The folder. */
    public Path path() {
        return path;
    }

    /** The resolved configuration. */
    public Path configFile() {
        return configFile(path);
    }

    /** The resolved configuration of the run in a folder. */
    public static Path configFile(Path folder) {
        return folder.resolve(CONFIG);
    }

    /** One record a step. */
    public Path metricsFile() {
        return metricsFile(path);
    }

    /** One record a step of the run in a folder. */
    public static Path metricsFile(Path folder) {
        return folder.resolve("metrics.jsonl");
    }

    /** How the run in a folder was started: command and versions. */
    public static Path runFile(Path folder) {
        return folder.resolve("run.json");
    }

    /** The folder of checkpoints. */
    public Path checkpoints() {
        return path.resolve(RunLayout.CHECKPOINTS);
    }

    /** The run in which a distillation trains heads for its teacher. */
    Path teacher() {
        return path.resolve(TEACHER);
    }

    /** The teacher with the heads that a distillation has trained for it; empty if there is none, or its heads are not done. */
    public static Optional<Path> teacherWithHeads(Path run) {
        return Optional.of(run.resolve(TEACHER)).filter(RunDirectory::isDone);
    }

    /** The report for people. */
    public Path reportFile() {
        return path.resolve("report.html");
    }

    /** Times that the run went back to a checkpoint. */
    Path rollbacksFile() {
        return rollbacksFile(path);
    }

    /** Times that the run in a folder went back to a checkpoint. */
    public static Path rollbacksFile(Path folder) {
        return folder.resolve("rollbacks.json");
    }

    /**
     * A name that no other run has: parameter servers tell by it whose state they hold.
     *
     * @throws UncheckedIOException if it cannot be read or written
     */
    String id() {
        Path file = path.resolve(ID);
        try {
            if (!Files.exists(file)) {
                replace(file, UUID.randomUUID().toString());
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("%s cannot be written: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** Results of k-NN. */
    Path knnFile() {
        return knnFile(path);
    }

    /** Results of k-NN of the run in a folder. */
    public static Path knnFile(Path folder) {
        return folder.resolve("knn.json");
    }

    /** Records how the run was started: configuration, command and versions. From then on the folder holds a run. */
    void describe(RunConfig config, String command, Map<String, String> versions) {
        ObjectNode run = JSON.createObjectNode();
        run.put("command", command);
        run.set("versions", JSON.valueToTree(versions));
        try {
            replace(configFile(), config.toYaml()); // first: it is what marks a run
            replace(runFile(path), JSON.writeValueAsString(run));
        } catch (IOException e) {
            throw new TrainingException("%s cannot be written: %s".formatted(path, e.getMessage()));
        }
    }

    /** Writes a file whole or not at all. */
    static void replace(Path file, String text) throws IOException {
        Path draft = file.resolveSibling(draftName(file.getFileName().toString()));
        Files.writeString(draft, text);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String draftName(String file) {
        return "." + file + ".draft";
    }

    /** Lets other processes in; a folder in which no run has begun is left as it was found. */
    @Override
    public void close() {
        try {
            if (!holdsRun(path) && !isOccupied(path)) {
                for (String trace : TRACES) {
                    Files.deleteIfExists(path.resolve(trace));
                }
                if (created) {
                    Files.deleteIfExists(path);
                }
            }
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
