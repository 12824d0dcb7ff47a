package io.dino4j.examples.cli;

import io.dino4j.data.file.FileTree;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.cluster.wire.Key;
import io.dino4j.train.cluster.wire.Wire;
import io.dino4j.train.config.RunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Servers and workers as processes of this machine, which reach each other through shared memory. Who dies is started again; the run goes on
 * from the last step.
 *
 * @param servers parameter servers, at least 1
 * @param workers workers, at least 1; the first records the run
 */
record LocalCluster(int servers, int workers) {
    private static final int FIRST_STREAM = 1000;
    private static final long POLL_MS = 50;

    /**
     * Trains.
     *
     * @param config the resolved configuration, with a rank for each worker
     * @param folder of the run
     * @param chief command and options of the process that records the run, without where the servers are
     * @param more options of the other workers, which the chief has among its own
     * @param ofServers options of all servers
     * @param say lines for people
     * @return exit code of the chief
     */
    int run(
            RunConfig config,
            Path folder,
            List<String> chief,
            List<String> more,
            List<String> ofServers,
            Consumer<String> say)
            throws IOException, InterruptedException {
        Path place = Files.createTempDirectory("dino4j-cluster-");
        List<Child> children = new ArrayList<>();
        Thread interrupt = new Thread(() -> end(children), "dino4j-interrupt");
        try (Wire driver = Wire.amongProcesses(say)) {
            Path key = place.resolve("key");
            Key.generate(key);
            Path file = place.resolve("config.yaml");
            config.write(file);
            List<String> wire = List.of(
                    "--key-file",
                    key.toString(),
                    "--aeron-dir",
                    driver.aeronDir().toString());
            List<String> join = new ArrayList<>(wire);
            join.addAll(List.of("--servers", addresses(), "--workers", Integer.toString(workers)));
            int processors = Runtime.getRuntime().availableProcessors();
            int threads = Math.max(1, processors / workers);
            int ofServer = Math.max(1, processors / servers); // the workers wait while the servers update
            children.add(new Child("chief", threads, args(chief, join), Path.of(""), say));
            for (int w = 1; w < workers; w++) {
                List<String> worker = args(List.of("node", "worker"), join);
                worker.addAll(more);
                worker.addAll(List.of("--name", Integer.toString(w), "--config", file.toString()));
                if (!config.train().datasetPath().equals(TrainingImages.BUILT_IN)) {
                    worker.addAll(List.of("--images", config.train().datasetPath()));
                }
                children.add(new Child("worker-" + w, threads, worker, folder, say));
            }
            for (int s = 0; s < servers; s++) {
                List<String> server = args(List.of("node", "server"), wire);
                server.addAll(List.of("--shard", s + "/" + servers, "--listen", "ipc:" + (FIRST_STREAM + s)));
                server.addAll(List.of("--state", place.resolve("state").toString()));
                server.addAll(ofServers);
                children.add(new Child("server-" + s, ofServer, server, folder, say));
            }
            Runtime.getRuntime().addShutdownHook(interrupt);
            return watch(children, folder);
        } finally {
            end(children);
            TrainingCommand.removeHook(interrupt);
            FileTree.delete(place);
        }
    }

    private static List<String> args(List<String> first, List<String> then) {
        List<String> all = new ArrayList<>(first);
        all.addAll(then);
        return all;
    }

    private String addresses() {
        return IntStream.range(FIRST_STREAM, FIRST_STREAM + servers)
                .mapToObj(s -> "ipc:" + s)
                .collect(Collectors.joining(","));
    }

    /** Starts the chief, when it has a folder the others, and all again that die, until the chief has ended by itself. */
    private static int watch(List<Child> children, Path folder) throws IOException, InterruptedException {
        Child chief = children.get(0);
        chief.start();
        boolean all = false;
        while (true) {
            if (!all && RunDirectory.holdsRun(folder)) {
                for (Child child : children.subList(1, children.size())) {
                    child.start();
                }
                all = true;
            }
            if (chief.hasEnded() && chief.endedByItself()) {
                return chief.exitCode();
            }
            for (Child child : children) {
                if (child.hasEnded()) {
                    child.startAgain();
                }
            }
            Thread.sleep(POLL_MS);
        }
    }

    /** The chief saves; the others hold nothing that is not with it then. */
    private static void end(List<Child> children) {
        children.get(0).stop(1);
        children.subList(1, children.size()).forEach(c -> c.stop(0));
    }

    /** One process, started again when it dies. */
    private static final class Child {
        private static final int MOST_EARLY_DEATHS = 8;
        private static final long EARLY_SECONDS = 10;

        private final String name;
        private final int threads;
        private final List<String> args;
        private final Path folder; // for its log; empty to write to the terminal
        private final Consumer<String> say;
        private Process process;
        private long started;
        private int earlyDeaths;
        private boolean stopping;

        Child(String name, int threads, List<String> args, Path folder, Consumer<String> say) {
            this.name = name;
            this.threads = threads;
            this.args = args;
            this.folder = folder;
            this.say = say;
        }

        synchronized void start() throws IOException {
            if (stopping) {
                return;
            }
            ProcessBuilder builder = ChildProcess.of(threads, args);
            if (folder.toString().isEmpty()) {
                builder.inheritIO();
            } else {
                Path logs = Files.createDirectories(folder.resolve("cluster"));
                builder.redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(
                                logs.resolve(name + ".log").toFile()));
                // Ctrl-C reaches all processes, but the chief needs the others to save
                builder.command().addAll(0, List.of("sh", "-c", "trap '' INT; exec \"$@\"", "sh"));
            }
            started = System.nanoTime();
            process = builder.start();
        }

        boolean hasEnded() {
            return process != null && !process.isAlive();
        }

        /** False if a signal that nobody could catch has ended it, or the machine's lack of memory. */
        boolean endedByItself() {
            return process.exitValue() != 128 + 9 && process.exitValue() != 128 + 6 && process.exitValue() != 128 + 11;
        }

        int exitCode() {
            return process.exitValue();
        }

        void startAgain() throws IOException {
            boolean early = System.nanoTime() - started < TimeUnit.SECONDS.toNanos(EARLY_SECONDS);
            earlyDeaths = early ? earlyDeaths + 1 : 0;
            if (earlyDeaths == MOST_EARLY_DEATHS) {
                throw new IOException("%s dies whenever it is started, with exit code %d%s"
                        .formatted(
                                name,
                                exitCode(),
                                folder.toString().isEmpty()
                                        ? ""
                                        : "; see " + folder.resolve("cluster").resolve(name + ".log")));
            }
            say.accept("%s is gone (exit code %d) and is started again".formatted(name, exitCode()));
            if (folder.toString().isEmpty() && !args.contains("--resume")) {
                args.add("--resume");
            }
            start();
        }

        synchronized void stop(long minutes) {
            stopping = true;
            if (process == null) {
                return;
            }
            process.destroy();
            try {
                process.waitFor(minutes, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (minutes == 0) {
                process.destroyForcibly();
            }
        }
    }
}
