package io.dino4j.spark;

import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/** The curate commands of the command line as a Spark application, for {@code spark-submit}: {@code cluster --embeddings ... --out ...}. */
public final class Main {
    private Main() {}

    /** Runs a command on the cluster of the session and exits with its code. */
    public static void main(String[] args) {
        SparkSession spark = SparkSession.builder()
                .appName("dino4j curate " + (args.length == 0 ? "" : args[0]))
                .getOrCreate();
        spark.sparkContext().setLogLevel("WARN"); // progress would drown
        String[] command = Stream.concat(Stream.of("curate"), Stream.of(args)).toArray(String[]::new);
        int code = io.dino4j.examples.cli.Main.commandLine().execute(command);
        spark.stop();
        System.exit(code);
    }
}
