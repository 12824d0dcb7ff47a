package io.dino4j.spark;

import io.dino4j.data.curation.ChunksOf;
import io.dino4j.data.curation.EmbedderRecipe;
import io.dino4j.data.curation.Embedding;
import io.dino4j.data.source.ImageSource;
import io.dino4j.spark.EmbeddedChunk.Item;
import io.dino4j.spark.EmbeddedChunk.Work;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * Embeds on executors. The driver hands out places of images and collects rounds of a few chunks for each processor; images and weights are read by
 * the executors, from paths that must be the same everywhere. With {@link PoolTables} configured, each round also becomes a part of a Parquet table.
 */
public final class SparkChunksOf implements ChunksOf {
    /** Chunks of a round for each processor: enough that the last to be done does not matter much, few enough to be held by the driver. */
    private static final int FOR_EACH_CORE = 4;

    private static final int MOST_CHUNKS = 2048;

    /** For {@link java.util.ServiceLoader}. */
    public SparkChunksOf() {}

    @Override
    public void each(Embedding embedding, String out, int first, Sink sink) throws IOException {
        Optional<EmbedderRecipe> recipe = embedding.embedder().recipe();
        if (recipe.isEmpty() || embedding.images().location(0).isEmpty()) { // neither travels
            ChunksOf.LOCAL.each(embedding, out, first, sink);
            return;
        }
        SparkSession spark = SparkSession.builder().getOrCreate();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        int most = Math.min(MOST_CHUNKS, FOR_EACH_CORE * context.defaultParallelism());
        Optional<TableParts> table = PoolTables.of(spark).map(tables -> tables.parts(out));
        int begin = first;
        int end = Math.min(embedding.chunks(), first + most);
        if (table.isPresent()) {
            TableParts.Part part = table.get().goOn(first, end);
            begin = part.first();
            end = Math.min(embedding.chunks(), part.end());
        }
        while (begin < embedding.chunks()) {
            List<Work> work = new ArrayList<>();
            for (int c = begin; c < end; c++) {
                work.add(work(embedding.images(), c));
            }
            for (EmbeddedChunk chunk : round(context, work, embedding, recipe.get(), table, begin, end)) {
                if (chunk.number() >= first) {
                    sink.accept(chunk.number(), chunk.chunk());
                }
            }
            begin = end;
            end = Math.min(embedding.chunks(), begin + most);
        }
    }

    private static List<EmbeddedChunk> round(
            JavaSparkContext context,
            List<Work> work,
            Embedding embedding,
            EmbedderRecipe recipe,
            Optional<TableParts> table,
            int begin,
            int end)
            throws IOException {
        int batch = embedding.batch();
        int threads = embedding.threads();
        JavaRDD<EmbeddedChunk> done =
                context.parallelize(work, work.size()).map(some -> EmbeddedChunk.of(some, recipe, batch, threads));
        try {
            if (table.isPresent()) {
                done.persist(StorageLevel.MEMORY_AND_DISK());
                table.get().write(begin, end, done.flatMap(chunk -> chunk.rows().iterator()));
            }
            return done.collect();
        } catch (Exception e) { // Scala throws checked ones undeclared
            throw SparkBlocks.thrown(e);
        } finally {
            done.unpersist(false);
        }
    }

    private static Work work(ImageSource images, int chunk) {
        List<Item> items = new ArrayList<>();
        int end = Math.min(images.size(), (chunk + 1) * Embedding.CHUNK);
        for (int i = chunk * Embedding.CHUNK; i < end; i++) {
            int label = images.label(i);
            items.add(new Item(
                    Place.of(images.location(i).orElseThrow()),
                    images.name(i),
                    label < 0 ? "" : images.classes().get(label),
                    images.weight(i)));
        }
        return new Work(chunk, items);
    }
}
