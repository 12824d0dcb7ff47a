package io.dino4j.spark;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Where vectors lie as Parquet tables, one for each embedding set and of its name: a folder that Spark reads, given by {@code spark.dino4j.tables}.
 *
 * @param spark the session
 * @param folder for instance {@code hdfs:///curation}
 */
record PoolTables(SparkSession spark, String folder) {
    /** The configuration that names the folder. */
    static final String CONF = "spark.dino4j.tables";

    /** The tables, if they are configured. */
    static Optional<PoolTables> of(SparkSession spark) {
        String folder = spark.conf().get(CONF, "");
        return folder.isEmpty() ? Optional.empty() : Optional.of(new PoolTables(spark, folder));
    }

    private String path(String set) {
        return folder + "/" + set + ".parquet";
    }

    /** The parts of a table, to be written. */
    TableParts parts(String set) {
        return new TableParts(spark, path(set));
    }

    /** The table of a set, if there is one. */
    Optional<PoolTable> find(String set) throws IOException {
        String path = path(set);
        FileSystem files = fileSystem(spark, path);
        return files.exists(new Path(path)) ? Optional.of(PoolTable.open(spark, path)) : Optional.empty();
    }

    static FileSystem fileSystem(SparkSession spark, String path) throws IOException {
        return FileSystem.get(
                URI.create(new Path(path).toString()), spark.sparkContext().hadoopConfiguration());
    }
}
