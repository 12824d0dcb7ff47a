package io.dino4j.examples.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.train.metrics.LinuxMemory;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the stock network in a Java process of its own, with the class path, flags and environment of this one. */
final class StockProcess {
    private static final int LIMIT_SECONDS = 600;

    /** Share of the free memory that the process may take before it is told to collect garbage, and then to fail. */
    private static final double MEMORY_SHARE = 0.8;

    private static final int KILLED = 128 + 9;

    private StockProcess() {}

    /**
     * Measures.
     *
     * @throws StockFailure if the process fails or takes too long
     */
    static Timing measure(String preset, Workload work) throws InterruptedException, StockFailure {
        List<String> command = command();
        command.addAll(List.of(
                StockMain.class.getName(),
                preset,
                Integer.toString(work.batch()),
                Integer.toString(work.vit().imageSize()),
                work.training() ? "train" : "forward"));
        try {
            return run(command);
        } catch (IOException e) {
            throw new StockFailure("its process cannot be started or read: " + e.getMessage(), e);
        }
    }

    private static List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> !flag.startsWith("-agentlib") && !flag.startsWith("-javaagent"))
                .forEach(command::add);
        LinuxMemory.available().ifPresent(bytes -> {
            long share = (long) (MEMORY_SHARE * bytes);
            command.add("-Dorg.bytedeco.javacpp.maxbytes=" + share);
            command.add("-Dorg.bytedeco.javacpp.maxphysicalbytes=" + share);
        });
        command.add("-cp");
        command.add(absolute(System.getProperty("java.class.path")));
        return command;
    }

    private static String absolute(String classPath) {
        List<String> entries = new ArrayList<>();
        for (String entry : classPath.split(File.pathSeparator)) {
            entries.add(new File(entry).getAbsolutePath());
        }
        return String.join(File.pathSeparator, entries);
    }

    private static Timing run(List<String> command) throws IOException, InterruptedException, StockFailure {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Thread end = new Thread(process::destroyForcibly, "dino4j-benchmark-end");
        Runtime.getRuntime().addShutdownHook(end);
        try {
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new StockFailure("not done after %d s".formatted(LIMIT_SECONDS), null);
            }
            if (process.exitValue() != 0) {
                throw new StockFailure(
                        "its process ended with code %d%s"
                                .formatted(
                                        process.exitValue(),
                                        process.exitValue() == KILLED ? ", killed: out of memory?" : ""),
                        null);
            }
            String line = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(l -> l.startsWith("{"))
                    .findFirst()
                    .orElseThrow(() -> new StockFailure("its process reported nothing", null));
            return Timing.fromJson(new ObjectMapper().readTree(line));
        } finally {
            process.destroyForcibly();
            removeHook(end);
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the hook is running: the process is going down
        }
    }
}
