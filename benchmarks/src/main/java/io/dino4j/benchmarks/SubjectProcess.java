package io.dino4j.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dino4j.benchmarks.subject.SubjectMain;
import io.dino4j.graph.Precision;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A process that runs one subject when it is told to, see {@link SubjectMain}. */
final class SubjectProcess implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LIMIT_SECONDS = 240;
    private static final int SHOWN = 3;
    private static final ScheduledExecutorService WATCH = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "benchmarks-watch");
        thread.setDaemon(true);
        return thread;
    });

    /** Java flags of every subject: those of {@code ./dino4j}. */
    private static final List<String> FLAGS = List.of(
            "-Xmx2g",
            "-Dorg.bytedeco.javacpp.maxbytes=16g",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=20g",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.log.org.nd4j=error",
            "-Dorg.slf4j.simpleLogger.log.ai.djl.util.cuda=error");

    private final String name;
    private final Path log;
    private final Process process;
    private final BufferedReader out;
    private final PrintWriter in;
    private final Thread hook;

    /** One of ours, with the environment of {@code ./dino4j}: the kind of subject and its {@code key=value} arguments. */
    static SubjectProcess ours(Setting setting, String name, String... words) throws LineFailure {
        return java(setting, name, List.of(), Map.of("OMP_WAIT_POLICY", "passive"), List.of(words));
    }

    /** libtorch with a TorchScript. Interpreter and natives come from Maven: nothing is fetched when it runs. */
    static SubjectProcess libtorch(Setting setting, Precision precision, String... words) throws LineFailure {
        List<String> all = new ArrayList<>(List.of("libtorch", "module=" + setting.torchScript(precision)));
        all.addAll(List.of(words));
        List<String> flags = List.of(
                "-Dai.djl.offline=true",
                "-Dai.djl.pytorch.num_threads=" + setting.threads(),
                "-Dai.djl.pytorch.num_interop_threads=1");
        String cache = setting.work().resolve("djl").toAbsolutePath().toString();
        return java(
                setting,
                "libtorch " + Setting.name(precision),
                flags,
                Map.of("DJL_CACHE_DIR", cache, "ENGINE_CACHE_DIR", cache),
                all);
    }

    /** ONNX Runtime. */
    static SubjectProcess onnxRuntime(Setting setting, String... words) throws LineFailure {
        List<String> all = new ArrayList<>(List.of("onnx", "model=" + setting.onnx(), "threads=" + setting.threads()));
        all.addAll(List.of(words));
        return java(setting, "ONNX Runtime", List.of(), Map.of(), all);
    }

    private static SubjectProcess java(
            Setting setting, String name, List<String> flags, Map<String, String> environment, List<String> words)
            throws LineFailure {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(FLAGS);
        command.addAll(flags);
        command.add(SubjectMain.class.getName());
        command.addAll(words);
        return new SubjectProcess(setting, name, command, environment);
    }

    /**
     * Starts any program that keeps to the orders of {@link SubjectMain}.
     *
     * @param environment beside that of this process and the number of threads
     */
    SubjectProcess(Setting setting, String name, List<String> command, Map<String, String> environment)
            throws LineFailure {
        this.name = name;
        log = setting.work().resolve(name.replaceAll("[^A-Za-z0-9.]+", "-") + ".log");
        try {
            Files.createDirectories(setting.work());
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
            builder.environment().keySet().removeIf(key -> key.startsWith("OMP_") || key.startsWith("MKL_"));
            builder.environment().put("OMP_NUM_THREADS", Integer.toString(setting.threads()));
            // not -cp: ONNX Runtime 1.29.0 searches its command line with a regex that overflows the stack on a long
            // one
            builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
            builder.environment().putAll(environment);
            process = builder.start();
        } catch (IOException e) {
            throw new LineFailure("%s cannot be started: %s".formatted(name, e.getMessage()), e);
        }
        hook = new Thread(process::destroyForcibly, "benchmarks-end");
        Runtime.getRuntime().addShutdownHook(hook);
        out = process.inputReader(StandardCharsets.UTF_8);
        in = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
        try {
            answer();
        } catch (LineFailure e) {
            close();
            throw e;
        }
    }

    /** What people call it. */
    String name() {
        return name;
    }

    /** Runs the subject. */
    JsonNode run(int times) throws LineFailure {
        return ask("run " + times);
    }

    /** What it knows of itself, and its memory peaks. */
    ObjectNode facts() throws LineFailure {
        return (ObjectNode) ask("facts");
    }

    /** Counts the peak of resident memory anew. */
    void resetPeak() throws LineFailure {
        ask("reset");
    }

    /** Runs once more and writes what comes out. */
    void results(Path file) throws LineFailure {
        ask("results " + file.toAbsolutePath());
    }

    private JsonNode ask(String order) throws LineFailure {
        in.println(order);
        return answer();
    }

    private JsonNode answer() throws LineFailure {
        ScheduledFuture<?> limit = WATCH.schedule(process::destroyForcibly, LIMIT_SECONDS, TimeUnit.SECONDS);
        try {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith("{")) {
                    return JSON.readTree(line);
                }
            }
            process.waitFor();
            String why = limit.isDone()
                    ? "no answer after %d s".formatted(LIMIT_SECONDS)
                    : "ended with code %d".formatted(process.exitValue());
            throw new LineFailure("%s: %s: %s (%s)".formatted(name, why, lastWords(), log));
        } catch (IOException e) {
            throw new LineFailure("%s: %s".formatted(name, e.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LineFailure("interrupted", e);
        } finally {
            limit.cancel(false);
        }
    }

    private String lastWords() throws IOException {
        List<String> lines = Files.readAllLines(log).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("\tat "))
                .toList();
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - SHOWN), lines.size()));
    }

    @Override
    public void close() {
        in.println("end");
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the hook is running: this process is going down
        }
    }
}
