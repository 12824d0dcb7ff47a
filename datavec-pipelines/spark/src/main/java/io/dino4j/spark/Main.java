package io.dino4j.spark;

import java.util.Arrays;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/**
 * Commands of the command line as a Spark application, for {@code spark-submit}: {@code pretrain --cluster spark:2x4 ...}, and those of curate:
 * {@code cluster --embeddings ... --out ...}.
 */
public final class Main {
    private static final String PRETRAIN = "pretrain";

    private Main() {}

    /** Runs a command on the cluster of the session and exits with its code. */
    public static void main(String[] args) {
        boolean trains = args.length > 0 && args[0].equals(PRETRAIN);
        String[] command = trains
                ? args
                : Stream.concat(Stream.of("curate"), Stream.of(args)).toArray(String[]::new);
        if (trains
                && Arrays.stream(args)
                        .noneMatch(a -> a.startsWith("--cluster") || a.startsWith("-h") || a.equals("--help"))) {
            io.dino4j.examples.cli.Main.commandLine()
                    .getErr()
                    .println(
                            "dino4j: on Spark pretrain needs --cluster spark:SxW, such as spark:1x2: servers and workers to be placed");
            System.exit(2);
        }
        SparkSession spark = SparkSession.builder()
                .appName("dino4j "
                        + String.join(" ", Arrays.asList(command).subList(0, Math.min(trains ? 1 : 2, command.length))))
                .getOrCreate();
        spark.sparkContext().setLogLevel("WARN"); // progress would drown
        int code = io.dino4j.examples.cli.Main.commandLine().execute(command);
        spark.stop();
        System.exit(code);
    }
}
