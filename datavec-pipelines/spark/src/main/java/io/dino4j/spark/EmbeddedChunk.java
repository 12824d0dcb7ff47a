package io.dino4j.spark;

import io.dino4j.data.curation.EmbedderRecipe;
import io.dino4j.data.curation.Embedding;
import io.dino4j.data.curation.Embedding.Chunk;
import io.dino4j.data.source.LocatedImages;
import io.dino4j.data.source.ManifestRow;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * A chunk that an executor has worked out.
 *
 * @param number of the chunk
 * @param found what is known of each image of the chunk; null where it could not be read
 * @param vectors {@code [n, D]} of the n that could
 * @param unreadable a line for each of the others, in order
 */
record EmbeddedChunk(int number, Known[] found, float[] vectors, List<String> unreadable) implements Serializable {
    /**
     * The images of a chunk.
     *
     * @param number of the chunk
     * @param items its images
     */
    record Work(int number, List<Item> items) implements Serializable {}

    /** An item of {@link LocatedImages} that travels. */
    record Item(Place place, String name, String label, float weight) implements Serializable {}

    /** A {@link ManifestRow} that travels. */
    record Known(Place place, int width, int height, long bytes, String sha256, String label, float weight)
            implements Serializable {
        static Known of(ManifestRow row) {
            return new Known(
                    Place.of(row.location()),
                    row.width(),
                    row.height(),
                    row.bytes(),
                    row.sha256(),
                    row.label(),
                    row.weight());
        }

        ManifestRow row() {
            return new ManifestRow(place.location(), width, height, bytes, sha256, label, weight);
        }
    }

    /** Works out a chunk: the only one of its images, which is the same as being one of many. */
    static EmbeddedChunk of(Work work, EmbedderRecipe recipe, int batch, int threads) throws IOException {
        List<LocatedImages.Item> items = work.items().stream()
                .map(i -> new LocatedImages.Item(i.place().location(), i.name(), i.label(), i.weight()))
                .toList();
        LocatedImages images = new LocatedImages(items, Executor.IMAGES);
        Chunk chunk = new Embedding(images, Executor.embedder(recipe), batch, threads).chunk(0);
        Known[] found = new Known[items.size()];
        int next = 0;
        for (int i = 0; i < found.length && next < chunk.rows().size(); i++) {
            ManifestRow row = chunk.rows().get(next);
            if (row.location().equals(items.get(i).location())) {
                found[i] = Known.of(row);
                next++;
            }
        }
        return new EmbeddedChunk(work.number(), found, chunk.vectors(), new ArrayList<>(chunk.unreadable()));
    }

    /** As a stage takes it. */
    Chunk chunk() {
        List<ManifestRow> rows = Arrays.stream(found)
                .filter(known -> known != null)
                .map(Known::row)
                .toList();
        return new Chunk(rows, vectors, unreadable);
    }

    /** Rows of a {@link PoolTable}. */
    List<Row> rows() {
        int readable = found.length - unreadable.size();
        int d = readable == 0 ? 0 : vectors.length / readable;
        List<Row> rows = new ArrayList<>();
        int at = 0;
        for (int i = 0; i < found.length; i++) {
            long image = (long) number * Embedding.CHUNK + i;
            if (found[i] == null) {
                String trouble = unreadable.get(i - at);
                rows.add(RowFactory.create(image, null, null, null, null, null, null, null, null, null, null, trouble));
                continue;
            }
            Known known = found[i];
            Place place = known.place();
            int from = at++ * d;
            rows.add(RowFactory.create(
                    image,
                    place.file(),
                    place.offset() < 0 ? null : place.offset(),
                    place.row() < 0 ? null : place.row(),
                    known.width(),
                    known.height(),
                    known.bytes(),
                    known.sha256(),
                    known.label().isEmpty() ? null : known.label(),
                    known.weight(),
                    IntStream.range(from, from + d)
                            .mapToObj(j -> vectors[j])
                            .toList()
                            .toArray(),
                    null));
        }
        return rows;
    }
}
