package io.dino4j.spark;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/**
 * A {@link PoolTable} in the making: a folder for each round, named after its chunks.
 *
 * @param spark the session
 * @param path of the table
 */
record TableParts(SparkSession spark, String path) {
    private static final Pattern NAME = Pattern.compile("chunks-(\\d+)-(\\d+)");

    /**
     * Chunks of one round.
     *
     * @param first of them
     * @param end after the last
     */
    record Part(int first, int end) {}

    /**
     * Drops what a run that was killed may have left, and tells where to go on: a round is written as a whole.
     *
     * @param first chunk that is needed
     * @param end of the round that would begin there
     * @return the round that it is in
     */
    Part goOn(int first, int end) throws IOException {
        FileSystem files = PoolTables.fileSystem(spark, path);
        Path folder = new Path(path);
        Part on = new Part(first, end);
        if (!files.exists(folder)) {
            return on;
        }
        if (first == 0) {
            files.delete(folder, true);
            return on;
        }
        for (FileStatus status : files.listStatus(folder)) {
            Matcher name = NAME.matcher(status.getPath().getName());
            if (name.matches()) {
                Part part = new Part(Integer.parseInt(name.group(1)), Integer.parseInt(name.group(2)));
                if (part.end() > first) {
                    files.delete(status.getPath(), true);
                    on = part.first() < first ? part : on;
                }
            }
        }
        return on;
    }

    /** Writes the rows of a round. */
    void write(int first, int end, JavaRDD<Row> rows) {
        spark.createDataFrame(rows, PoolTable.SCHEMA)
                .write()
                .mode(SaveMode.Overwrite)
                .parquet("%s/chunks-%08d-%08d".formatted(path, first, end));
    }
}
