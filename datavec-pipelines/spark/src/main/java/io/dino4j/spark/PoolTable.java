package io.dino4j.spark;

import static org.apache.spark.sql.functions.col;

import io.dino4j.spark.BlockAssembly.ByBlock;
import io.dino4j.spark.BlockAssembly.Stretches;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.Tuple2;

/**
 * Images and their vectors as a Parquet table: the columns of a manifest, {@code image} (place in the source, from 0), {@code vector} (a list of
 * floats), and {@code trouble} where an image could not be read, which has no vector then. Row i of the set is the i-th image that could be read.
 * Files may hold the rows in any order.
 */
public final class PoolTable {
    /** Place of an image in the source, from 0; or of a row in the set, if there is no column {@code trouble}. */
    public static final String IMAGE = "image";

    /** A list of floats of length 1. */
    public static final String VECTOR = "vector";

    /** Why an image could not be read; null if it was. */
    public static final String TROUBLE = "trouble";

    static final StructType SCHEMA = new StructType()
            .add(IMAGE, DataTypes.LongType, false)
            .add("path", DataTypes.StringType)
            .add("offset", DataTypes.LongType)
            .add("row", DataTypes.LongType)
            .add("width", DataTypes.IntegerType)
            .add("height", DataTypes.IntegerType)
            .add("bytes", DataTypes.LongType)
            .add("sha256", DataTypes.StringType)
            .add("label", DataTypes.StringType)
            .add("weight", DataTypes.FloatType)
            .add(VECTOR, DataTypes.createArrayType(DataTypes.FloatType, false))
            .add(TROUBLE, DataTypes.StringType);

    private final String path;
    private final Dataset<Row> readable;
    private final long[] unreadable;
    private final int size;

    private PoolTable(String path, Dataset<Row> readable, long[] unreadable, int size) {
        this.path = path;
        this.readable = readable;
        this.unreadable = unreadable;
        this.size = size;
    }

    /**
     * Opens a table.
     *
     * @param spark the session
     * @param path as Spark reads it, for instance {@code hdfs:///pool.parquet}
     * @throws IllegalArgumentException if it has not the columns, or images are missing or doubled; one line
     */
    public static PoolTable open(SparkSession spark, String path) {
        Dataset<Row> table = spark.read().option("recursiveFileLookup", true).parquet(path);
        requireColumns(path, table);
        boolean hasTroubles = List.of(table.columns()).contains(TROUBLE);
        Dataset<Row> readable = hasTroubles ? table.where(col(TROUBLE).isNull()) : table;
        long[] unreadable = hasTroubles
                ? table
                        .where(col(TROUBLE).isNotNull())
                        .select(col(IMAGE).cast("long"))
                        .as(Encoders.LONG())
                        .collectAsList()
                        .stream()
                        .mapToLong(i -> i)
                        .sorted()
                        .toArray()
                : new long[0];
        long size = readable.count();
        if (size > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "%s: has %d vectors; at most 2,147,483,639 are taken at once".formatted(path, size));
        }
        return new PoolTable(path, readable, unreadable, (int) size);
    }

    private static void requireColumns(String path, Dataset<Row> table) {
        List<String> names = List.of(table.columns());
        boolean vectors = names.contains(VECTOR)
                && table.schema().apply(VECTOR).dataType() instanceof ArrayType list
                && (list.elementType().equals(DataTypes.FloatType)
                        || list.elementType().equals(DataTypes.DoubleType));
        if (!names.contains(IMAGE) || !vectors) {
            throw new IllegalArgumentException("%s: has columns %s; expected %s, a number, and %s, a list of floats"
                    .formatted(path, names, IMAGE, VECTOR));
        }
    }

    /** Returns the number of rows, N. */
    public int size() {
        return size;
    }

    /** Returns the places in the source of images that could not be read, ascending. */
    public long[] unreadable() {
        return unreadable.clone();
    }

    /**
     * The vectors, shuffled once into blocks.
     *
     * @param partitions tasks of a pass, 1 or more; not more than there are blocks are used
     * @return to be closed
     * @throws IllegalArgumentException if the table is empty
     */
    public SparkBlocks blocks(int partitions) {
        if (size == 0) {
            throw new IllegalArgumentException("%s: holds no vectors".formatted(path));
        }
        int d = readable.select(VECTOR).first().getList(0).size();
        int n = size;
        long[] gaps = unreadable;
        String name = path;
        JavaRDD<Row> rows = readable.select(col(IMAGE).cast("long"), col(VECTOR).cast("array<float>"))
                .toJavaRDD();
        JavaPairRDD<Integer, float[]> stretches =
                rows.mapPartitionsToPair(part -> new Stretches(numbered(part, gaps, n, d, name), d));
        JavaRDD<BlockRows> blocks = stretches
                .repartitionAndSortWithinPartitions(new ByBlock(size, partitions))
                .mapPartitions(part -> new BlockAssembly(part, n, d));
        return SparkBlocks.kept(blocks, size, d);
    }

    private static Iterator<Tuple2<Integer, float[]>> numbered(
            Iterator<Row> rows, long[] gaps, int size, int dimension, String path) {
        Iterable<Row> all = () -> rows;
        return StreamSupport.stream(all.spliterator(), false)
                .map(row -> {
                    long image = row.getLong(0);
                    long number = image + Arrays.binarySearch(gaps, image) + 1; // minus the gaps before it
                    List<Float> values = row.getList(1);
                    if (number < 0 || number >= size || values.size() != dimension) {
                        throw new IllegalArgumentException(
                                "%s: image %d with a vector of %d numbers is among %d of %d; images must be numbered without gaps"
                                        .formatted(path, image, values.size(), size, dimension));
                    }
                    float[] vector = new float[dimension];
                    int i = 0;
                    for (float v : values) {
                        vector[i++] = v;
                    }
                    return new Tuple2<>((int) number, vector);
                })
                .iterator();
    }

    /** The rows of all images that could be read, as the table has them. */
    Dataset<Row> readable() {
        return readable;
    }
}
