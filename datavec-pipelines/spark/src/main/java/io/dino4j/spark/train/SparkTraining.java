package io.dino4j.spark.train;

import io.dino4j.data.Progress;
import io.dino4j.examples.cli.ClusterRun;
import io.dino4j.examples.cli.TrainingCluster;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.TrainingException;
import io.dino4j.train.config.ConfigException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import scala.reflect.ClassTag$;

/**
 * Servers and workers as the tasks of one barrier stage: all are started at once, and all again when one is lost. Then the worker that records
 * the run goes on from its newest checkpoint, to the same weights.
 */
public final class SparkTraining implements TrainingCluster {
    private static final String DYNAMIC = "spark.dynamicAllocation.enabled";
    private static final String PATIENCE = "spark.scheduler.maxRegisteredResourcesWaitingTime";
    private static final long POLL_MS = 200;

    /** For {@link java.util.ServiceLoader}. */
    public SparkTraining() {}

    @Override
    public int train(ClusterRun run, Progress progress) throws IOException {
        SparkContext spark = SparkSession.builder().getOrCreate().sparkContext();
        int tasks = run.servers() + run.workers();
        requireSlots(spark, tasks, progress);
        Path folder = Path.of(run.folder());
        boolean fresh = !Files.exists(folder);
        Files.createDirectories(folder); // executors that do not see it are told from those that do
        spark.addSparkListener(new Attempts(run.servers(), progress));
        RunTail tail = new RunTail(folder, run.steps(), progress);
        try {
            progress.say("servers: %d, workers: %d, steps: %d, to %s"
                    .formatted(run.servers(), run.workers(), run.steps(), folder));
            return told(work(spark, run, tasks), folder, progress);
        } finally {
            tail.close();
            if (fresh && !RunDirectory.holdsRun(folder)) {
                removeEmpty(folder);
            }
        }
    }

    private static void requireSlots(SparkContext spark, int tasks, Progress progress) {
        if (spark.conf().getBoolean(DYNAMIC, false)) {
            throw new ConfigException(
                    "%s is true, with which Spark starts no barrier stage; set it to false".formatted(DYNAMIC));
        }
        long patience = spark.isLocal() ? 0 : spark.conf().getTimeAsSeconds(PATIENCE, "30s");
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(patience);
        int slots = slots(spark);
        while (slots < tasks && System.nanoTime() < limit) {
            progress.say("waiting for executors: %d tasks must run at once".formatted(tasks));
            pause();
            slots = slots(spark);
        }
        if (slots < tasks) {
            throw new ConfigException(
                    "servers and workers are %d tasks that must run at once, and the executors have room for %d; give the job more cores, or --cluster spark:1x%d"
                            .formatted(tasks, slots, Math.max(1, slots - 1)));
        }
    }

    /** What Spark itself compares a barrier stage with. */
    private static int slots(SparkContext spark) {
        return spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile());
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for executors", e);
        }
    }

    /** How the run has ended, which all tasks tell alike. */
    private static Ending work(SparkContext spark, ClusterRun run, int tasks) {
        List<Integer> numbers = IntStream.range(0, tasks).boxed().toList();
        try {
            return Ending.parse(JavaSparkContext.fromSparkContext(spark)
                    .parallelize(numbers, tasks)
                    .rdd()
                    .barrier()
                    .mapPartitions(new ClusterTask(run), false, ClassTag$.MODULE$.<String>apply(String.class))
                    .toJavaRDD()
                    .repartition(1) // Spark starts a barrier stage again only if another one comes after it
                    .collect()
                    .get(0));
        } catch (Exception e) { // Scala throws checked ones undeclared
            String message = String.valueOf(e.getMessage());
            throw new TrainingException(
                    "Spark has given the run up%s: %s; go on with --out %s --resume"
                            .formatted(
                                    message.contains(Attempts.TOO_MANY) ? " (spark.stage.maxConsecutiveAttempts)" : "",
                                    Attempts.reason(message),
                                    run.folder()),
                    e);
        }
    }

    private static int told(Ending ending, Path folder, Progress progress) {
        if (ending.isGood()) {
            progress.say("report: " + folder.resolve("report.html"));
        } else if (ending.code() == 2) {
            throw new ConfigException(ending.message());
        } else if (!ending.message().isEmpty()) {
            throw new TrainingException(ending.message());
        }
        return ending.code();
    }

    private static void removeEmpty(Path folder) throws IOException {
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // somebody has left something to look at
        }
    }
}
