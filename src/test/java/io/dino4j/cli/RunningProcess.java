package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.examples.cli.Main;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code ./dino4j} in a process of its own, with one thread for the kernels; what it says goes to a log file. */
final class RunningProcess implements AutoCloseable {
    /** Exit code of a process that SIGKILL ended. */
    static final int KILLED = 128 + 9;

    /** Exit code of a process that SIGTERM ended. */
    static final int TERMINATED = 128 + 15;

    private static final long LIMIT_SECONDS = 120;

    private final Process process;
    private final Path log;

    private RunningProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    static RunningProcess start(Path log, Object... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", // starts faster, and the steps spend their time in native code
                "-Dorg.bytedeco.javacpp.maxbytes=4g",
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName()));
        for (Object arg : args) {
            command.add(arg.toString());
        }
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", "1");
        return new RunningProcess(builder.start(), log);
    }

    /** The processes that it has started and that live. */
    List<ProcessHandle> children() {
        return process.children().toList();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL. */
    int kill() throws IOException, InterruptedException {
        process.destroyForcibly();
        return exit();
    }

    /** SIGTERM. */
    int terminate() throws IOException, InterruptedException {
        process.destroy();
        return exit();
    }

    /** Waits for the end. */
    int exit() throws IOException, InterruptedException {
        assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS), () -> "still running: " + log());
        return process.exitValue();
    }

    void succeeds() throws IOException, InterruptedException {
        assertEquals(0, exit(), this::log);
    }

    /** Everything it has said. */
    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** No process outlives its test. */
    @Override
    public void close() {
        process.destroyForcibly();
    }
}
