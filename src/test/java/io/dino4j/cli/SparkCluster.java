package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A standalone master and two workers, on this machine, as processes of their own. */
final class SparkCluster implements AutoCloseable {
    private static final Pattern STARTED = Pattern.compile("Starting Spark master at (spark://\\S+)");
    private static final Pattern REGISTERED = Pattern.compile("Successfully registered with master");
    private static final long LIMIT_SECONDS = 60;

    /** Executors live for seconds: the second compiler would take longer than it saves. */
    private static final String EXECUTOR =
            "-Dorg.bytedeco.javacpp.maxbytes=4g -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --add-opens=java.base/jdk.internal.misc=ALL-UNNAMED";

    private static final String QUIET =
            """
            rootLogger.level = warn
            rootLogger.appenderRef.stderr.ref = console
            appender.console.type = Console
            appender.console.name = console
            appender.console.target = SYSTEM_ERR
            appender.console.layout.type = PatternLayout
            appender.console.layout.pattern = %p %c{1}: %m%n%ex
            """;

    private final Path dir;
    private final Path home;
    private final Path module;
    private final String scala;
    private final List<String> java;
    private final List<Process> processes = new ArrayList<>();
    private String master = "local[2]";

    private SparkCluster(Path dir, Path module, List<Path> jars) throws IOException, ReflectiveOperationException {
        this.dir = dir;
        this.module = module;
        this.home = home(dir.resolve("spark"), jars);
        Path core = jars.stream()
                .filter(jar -> jar.getFileName().toString().startsWith("spark-core_"))
                .findFirst()
                .orElseThrow();
        this.scala = core.getFileName().toString().split("[_-]")[2];
        this.java = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        java.addAll(moduleOptions(jars));
        java.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", home.resolve("jars") + "/*"));
    }

    /** Why no cluster can be started here; empty if one can. */
    static String missing(Path root) throws IOException {
        if (Runtime.version().feature() > 21) {
            return "Spark 3.5 runs on Java 17, this is " + Runtime.version();
        }
        return Files.exists(classPath(root)) && Files.exists(jar(root.resolve("datavec-pipelines/spark")))
                ? ""
                : "the jar to submit is made by 'mvn package'";
    }

    private static Path classPath(Path root) {
        return root.resolve("src/test/spark/target/classpath");
    }

    private static Path jar(Path module) throws IOException {
        Path target = module.resolve("target");
        if (!Files.exists(target)) {
            return target;
        }
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(f -> f.getFileName().toString().endsWith("-job.jar"))
                    .findFirst()
                    .orElse(target.resolve("none"));
        }
    }

    /**
     * Starts it.
     *
     * @param cores of each worker
     */
    static SparkCluster start(Path root, Path dir, int cores) throws Exception {
        List<Path> jars = Stream.of(Files.readString(classPath(root)).strip().split(File.pathSeparator))
                .map(Path::of)
                .toList();
        SparkCluster cluster = new SparkCluster(dir, root.resolve("datavec-pipelines/spark"), jars);
        try {
            cluster.begin(
                    "master", List.of("org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0"));
            cluster.master = cluster.await("master", STARTED).group(1);
            for (String worker : List.of("worker1", "worker2")) {
                cluster.begin(
                        worker,
                        List.of(
                                "org.apache.spark.deploy.worker.Worker",
                                "--host",
                                "127.0.0.1",
                                "--cores",
                                Integer.toString(cores),
                                "--memory",
                                "1g",
                                "--work-dir",
                                cluster.work(worker).toString(),
                                cluster.master));
            }
            cluster.await("worker1", REGISTERED);
            cluster.await("worker2", REGISTERED);
            return cluster;
        } catch (Exception | Error e) {
            cluster.close();
            throw e;
        }
    }

    /** What a download of Spark looks like to its own scripts. */
    private static Path home(Path home, List<Path> jars) throws IOException {
        Path folder = Files.createDirectories(home.resolve("jars"));
        Files.writeString(home.resolve("RELEASE"), "of Maven's jars\n");
        for (Path jar : jars) {
            Files.createSymbolicLink(folder.resolve(jar.getFileName()), jar);
        }
        return home;
    }

    /** The options that Spark's scripts give to Java 17. */
    private static List<String> moduleOptions(List<Path> jars) throws IOException, ReflectiveOperationException {
        Path launcher = jars.stream()
                .filter(jar -> jar.getFileName().toString().startsWith("spark-launcher_"))
                .findFirst()
                .orElseThrow();
        try (URLClassLoader classes =
                new URLClassLoader(new URL[] {launcher.toUri().toURL()}, null)) {
            Class<?> options = classes.loadClass("org.apache.spark.launcher.JavaModuleOptions");
            return List.of(options.getMethod("defaultModuleOptions")
                    .invoke(null)
                    .toString()
                    .split(" "));
        }
    }

    private Process begin(String name, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(java);
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(dir.toFile()).redirectErrorStream(true);
        builder.redirectOutput(logFile(name).toFile());
        builder.environment()
                .putAll(Map.of(
                        "SPARK_HOME", home.toString(),
                        "SPARK_SCALA_VERSION", scala,
                        "SPARK_LOCAL_IP", "127.0.0.1",
                        "SPARK_LOCAL_DIRS", dir.resolve("local").toString(),
                        "SPARK_MASTER_WEBUI_PORT", "0",
                        "SPARK_WORKER_WEBUI_PORT", "0",
                        "OMP_NUM_THREADS", "1"));
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    /** {@code spark-submit} of a command; what it says goes to the log of this name. */
    Process submit(String name, Map<String, String> conf, Object... args) throws IOException {
        return submit(name, master, conf, args);
    }

    /** The same without executors: the driver does all, on two processors. */
    Process submitAlone(String name, Object... args) throws IOException {
        return submit(name, "local[2]", Map.of(), args);
    }

    private Process submit(String name, String master, Map<String, String> conf, Object... args) throws IOException {
        String beside = Stream.of(
                        Files.readString(module.resolve("target/jars")).strip().split(","))
                .map(jar -> "local:" + jar)
                .collect(Collectors.joining(","));
        Path quiet = Files.writeString(dir.resolve("log4j2.properties"), QUIET);
        List<String> command = new ArrayList<>(List.of("-Dlog4j2.configurationFile=" + quiet));
        command.addAll(List.of("org.apache.spark.deploy.SparkSubmit", "--master", master));
        command.addAll(List.of("--jars", beside, "--class", "io.dino4j.spark.Main"));
        command.addAll(List.of("--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.ui.enabled=false"));
        command.addAll(List.of("--conf", "spark.executor.memory=768m"));
        command.addAll(List.of("--conf", "spark.executorEnv.OMP_NUM_THREADS=1"));
        command.addAll(List.of("--conf", "spark.executor.extraJavaOptions=" + EXECUTOR));
        conf.forEach((key, value) -> command.addAll(List.of("--conf", key + "=" + value)));
        command.add("local:" + jar(module));
        for (Object arg : args) {
            command.add(arg.toString());
        }
        return begin(name, command);
    }

    /** Kills a worker and its executor, both at once. */
    void kill(String worker) {
        ProcessHandle process = process(worker);
        List<ProcessHandle> executors = process.descendants().toList();
        process.destroyForcibly();
        executors.forEach(ProcessHandle::destroyForcibly);
    }

    /** Kills a worker's executor alone: the worker starts another. */
    void killExecutor(String worker) {
        process(worker).descendants().forEach(ProcessHandle::destroyForcibly);
    }

    private ProcessHandle process(String worker) {
        return processes.get(worker.equals("worker1") ? 1 : 2).toHandle(); // after the master
    }

    /** The folder of a worker's applications. */
    Path work(String worker) {
        return dir.resolve("work of " + worker);
    }

    /** Exit code of a process, once it is over. */
    int exit(Process process, String name) throws InterruptedException {
        assertTrue(process.waitFor(5 * LIMIT_SECONDS, TimeUnit.SECONDS), () -> "still running: " + log(name));
        return process.exitValue();
    }

    /** What a process has said so far. */
    String log(String name) {
        try {
            return Files.readString(logFile(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path logFile(String name) {
        return dir.resolve(name + ".log");
    }

    private Matcher await(String name, Pattern pattern) throws IOException, InterruptedException {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (System.nanoTime() < limit) {
            Matcher matcher = pattern.matcher(log(name));
            if (matcher.find()) {
                return matcher;
            }
            Thread.sleep(100);
        }
        throw new AssertionError(name + " does not start: " + log(name));
    }

    /** No process outlives its test. */
    @Override
    public void close() throws IOException {
        for (Process process : processes) {
            List<ProcessHandle> children = process.descendants().toList();
            process.destroyForcibly();
            children.forEach(ProcessHandle::destroyForcibly);
            process.onExit().join();
        }
        try (Stream<Path> links = Files.list(home.resolve("jars"))) {
            for (Path link : links.toList()) {
                Files.delete(link);
            }
        }
    }
}
