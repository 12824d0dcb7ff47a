package io.dino4j.examples.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.TrainingException;
import io.dino4j.train.metrics.MetricsLog;
import io.dino4j.train.sweep.Candidate;
import io.dino4j.train.sweep.CandidateRunner;
import io.dino4j.train.sweep.SweepConfig;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Trains each candidate by {@code pretrain} in a process of its own, with its share of the processors: one that crashes, or fills the memory,
 * leaves the sweep alone.
 */
final class CandidateProcesses implements CandidateRunner {
    private static final long POLL_MS = 200;

    /** A step, and its checkpoint, take no longer. */
    private static final long PATIENCE_MS = 120_000;

    /** Exit code of a run that was asked to stop, and those of processes that a signal ended. */
    private static final Set<Integer> INTERRUPTED = Set.of(130, 128 + 15);

    /** A record of a step is shorter. */
    private static final int LONGEST_LINE = 1 << 14;

    /** The number of neighbours whose accuracy is the score (RECIPE: usually the best). */
    private static final String NEIGHBOURS = "20";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final SweepConfig config;
    private final int threads;
    private final Set<Process> running = ConcurrentHashMap.newKeySet();
    private volatile boolean stopping;

    /**
     * None runs yet.
     *
     * @param threads of each candidate
     */
    CandidateProcesses(SweepConfig config, int threads) {
        this.config = config;
        this.threads = threads;
    }

    @Override
    public void stop() {
        stopping = true;
        running.forEach(Process::destroy);
    }

    @Override
    public Outcome run(Candidate candidate, Watch watch) throws IOException {
        Path run = candidate.folder().resolve("run");
        Path log = candidate.folder().resolve("log.txt");
        try {
            awaitLock(run);
            Process process = start(candidate, run, log);
            running.add(process);
            try {
                return follow(process, run, log, watch);
            } finally {
                running.remove(process);
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome(Ending.INTERRUPTED, "");
        }
    }

    /** A candidate of a sweep that was killed takes a moment to notice. */
    private static void awaitLock(Path run) throws InterruptedException {
        for (long waited = 0; RunDirectory.holdsRun(run); waited += POLL_MS) {
            try {
                RunDirectory.open(run, true).close();
                return;
            } catch (TrainingException e) {
                if (waited >= PATIENCE_MS) {
                    throw e;
                }
                Thread.sleep(POLL_MS);
            }
        }
    }

    private Process start(Candidate candidate, Path run, Path log) throws IOException {
        List<String> command = new ArrayList<>(
                List.of("pretrain", "--config", candidate.configFile().toString()));
        if (!config.images().equals(TrainingImages.BUILT_IN)) {
            command.addAll(List.of("--images", config.images()));
        }
        config.val().ifPresent(val -> command.addAll(List.of("--val", val)));
        command.addAll(List.of("--out", run.toString(), "--resume"));
        ProcessBuilder builder = ChildProcess.of(threads, command).redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        return builder.start();
    }

    private Outcome follow(Process process, Path run, Path log, Watch watch) throws IOException, InterruptedException {
        int known = 0;
        while (!process.waitFor(POLL_MS, TimeUnit.MILLISECONDS)) {
            if (stopping) {
                end(process);
                return new Outcome(Ending.INTERRUPTED, "");
            }
            watch.at(step(RunDirectory.metricsFile(run)));
            NavigableMap<Long, Double> curve = curve(RunDirectory.knnFile(run));
            if (curve.size() > known && !watch.goesOn(curve)) {
                end(process);
                return new Outcome(Ending.ENDED, "");
            }
            known = curve.size();
        }
        watch.goesOn(curve(RunDirectory.knnFile(run)));
        if (process.exitValue() == 0) {
            return new Outcome(Ending.DONE, "");
        }
        if (INTERRUPTED.contains(process.exitValue())) {
            Thread.sleep(10 * POLL_MS); // Ctrl-C reaches all processes, and this one may be the last to know
        }
        return stopping
                ? new Outcome(Ending.INTERRUPTED, "")
                : new Outcome(Ending.FAILED, reason(log, process.exitValue()));
    }

    private static void end(Process process) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(PATIENCE_MS, TimeUnit.MILLISECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    /** What the program said of its failure. */
    private static String reason(Path log, int exit) throws IOException {
        String last = "";
        for (String line : Files.readAllLines(log)) {
            last = line.startsWith("dino4j: ") ? line.substring("dino4j: ".length()) : last;
        }
        return last.isEmpty() ? "exit code %d, see %s".formatted(exit, log) : last;
    }

    /** Steps done by now. */
    private static long step(Path metrics) throws IOException {
        if (!Files.exists(metrics)) {
            return 0;
        }
        try (RandomAccessFile file = new RandomAccessFile(metrics.toFile(), "r")) {
            byte[] end = new byte[(int) Math.min(LONGEST_LINE, file.length())];
            file.seek(file.length() - end.length);
            int read = Math.max(0, file.read(end));
            String[] lines = new String(end, 0, read, StandardCharsets.UTF_8).split("\n");
            for (int i = lines.length - 1; i >= 0; i--) { // the last may be in the making
                var record = MetricsLog.parse(lines[i]);
                if (record.isPresent() && !record.get().values().isEmpty()) {
                    return record.get().step() + 1;
                }
            }
            return 0;
        }
    }

    /** Accuracies of the run by step. */
    private static NavigableMap<Long, Double> curve(Path knn) throws IOException {
        NavigableMap<Long, Double> curve = new TreeMap<>();
        if (Files.exists(knn)) {
            JsonNode all = JSON.readTree(Files.readString(knn));
            all.properties().forEach(p -> {
                if (p.getKey().chars().allMatch(Character::isDigit)) {
                    curve.put(
                            Long.parseLong(p.getKey()),
                            p.getValue().path(NEIGHBOURS).asDouble());
                }
            });
        }
        return curve;
    }
}
