package io.dino4j.spark;

import io.dino4j.data.curation.BlocksOf;
import io.dino4j.data.curation.EmbeddingSet;
import io.dino4j.data.vector.Blocks;
import io.dino4j.data.vector.RowsTask;
import io.dino4j.data.vector.VectorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.sql.SparkSession;

/**
 * Blocks of embedding sets on executors: from the set's Parquet table if {@link PoolTables} are configured and have it, else from the set's own file,
 * which every executor must see under the same path.
 */
public final class SparkBlocksOf implements BlocksOf {
    /** Tasks of a pass for each processor. */
    private static final int FOR_EACH_CORE = 2;

    /** Rows of a table that are compared with the set. */
    private static final int COMPARED = 64;

    /** For {@link java.util.ServiceLoader}. */
    public SparkBlocksOf() {}

    @Override
    public Blocks of(EmbeddingSet set) {
        SparkSession spark = SparkSession.builder().getOrCreate();
        int partitions = FOR_EACH_CORE * spark.sparkContext().defaultParallelism();
        try {
            Optional<PoolTables> tables = PoolTables.of(spark);
            Path name = set.folder().toAbsolutePath().normalize().getFileName();
            if (tables.isPresent() && set.vectors().type() == VectorType.FLOAT32) { // others were rounded since
                Optional<PoolTable> table = tables.get().find(name.toString());
                if (table.isPresent()) {
                    return checked(table.get().blocks(partitions), set);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
        return SparkBlocks.shared(spark, set.vectors(), partitions);
    }

    private static Blocks checked(SparkBlocks blocks, EmbeddingSet set) {
        int n = set.size();
        int[] some = IntStream.range(0, Math.min(COMPARED, n))
                .map(i -> (int) ((long) i * n / Math.min(COMPARED, n)))
                .toArray();
        boolean same = blocks.size() == n && blocks.dimension() == set.vectors().dimension();
        if (same) {
            float[] row = new float[blocks.dimension()];
            float[] theirs = RowsTask.fetch(blocks, some);
            for (int i = 0; i < some.length && same; i++) {
                set.vectors().read(some[i], 1, row);
                same = Arrays.equals(row, Arrays.copyOfRange(theirs, i * row.length, (i + 1) * row.length));
            }
        }
        if (!same) {
            blocks.close();
            throw new IllegalArgumentException(
                    "%s: the Parquet table of this name holds other vectors; delete it, or leave out %s"
                            .formatted(set.folder(), PoolTables.CONF));
        }
        return blocks;
    }
}
