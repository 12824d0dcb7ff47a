package io.dino4j.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** How long {@code ./dino4j pretrain} takes from the command to the first step in its log. */
record StartUpLine() implements Line {
    private static final int RUNS = 3;
    private static final int LIMIT_SECONDS = 120;
    private static final int LOOK_MILLIS = 5;
    private static final double SECOND = 1e9;

    @Override
    public String name() {
        return "start-up";
    }

    @Override
    public String title() {
        return "./dino4j pretrain: from the command to the first step in metrics.jsonl";
    }

    @Override
    public List<Row> measure(Setting setting) throws LineFailure {
        Path archive = setting.work().resolve("dino4j.jsa").toAbsolutePath();
        try {
            Files.createDirectories(setting.work());
            start(setting, ""); // builds, and brings the files into the system's cache
            double plain = median(setting, "");
            start(setting, "-XX:ArchiveClassesAtExit=" + archive);
            if (!Files.isRegularFile(archive)) {
                setting.tell().accept("  Java makes no class archive of this class path");
                return List.of(Row.of("start-up to first step", "s", plain));
            }
            double shared = median(setting, "-XX:SharedArchiveFile=" + archive);
            return List.of(Row.of("start-up to first step", "s", plain)
                    .against("with a class-data archive", shared, plain / shared));
        } catch (IOException e) {
            throw new LineFailure("start-up: " + e.getMessage(), e);
        } finally {
            archive.toFile().delete();
        }
    }

    private static double median(Setting setting, String flags) throws IOException, LineFailure {
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < RUNS; i++) {
            seconds.add(start(setting, flags));
        }
        return seconds.stream().sorted().toList().get(RUNS / 2);
    }

    /** Starts a run, waits for its first step and stops it as Ctrl-C does; seconds. */
    private static double start(Setting setting, String flags) throws IOException, LineFailure {
        Path folder = setting.work().resolve("start-up");
        delete(folder);
        Path log = setting.work().resolve("start-up.log");
        ProcessBuilder builder = new ProcessBuilder(
                        "./dino4j", "pretrain", "--out", folder.toAbsolutePath().toString())
                .directory(setting.root().toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment()
                .putAll(Map.of("OMP_NUM_THREADS", Integer.toString(setting.threads()), "DINO4J_JAVA_OPTS", flags));
        long begun = System.nanoTime();
        Process process = builder.start();
        try {
            Path metrics = folder.resolve("metrics.jsonl");
            while (!Files.exists(metrics) || Files.size(metrics) == 0) {
                if (!process.isAlive() || (System.nanoTime() - begun) / SECOND > LIMIT_SECONDS) {
                    throw new LineFailure("./dino4j pretrain made no step, see " + log);
                }
                Thread.sleep(LOOK_MILLIS);
            }
            double seconds = (System.nanoTime() - begun) / SECOND;
            process.destroy(); // the launcher has become the Java process
            process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
            return seconds;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LineFailure("interrupted", e);
        } finally {
            process.destroyForcibly();
            delete(folder);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
            }
        }
    }
}
