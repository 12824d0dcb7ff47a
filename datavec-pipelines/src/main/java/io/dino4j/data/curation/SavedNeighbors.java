package io.dino4j.data.curation;

import io.dino4j.data.Progress;
import io.dino4j.data.file.Durable;
import io.dino4j.data.vector.ArrayVectors;
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.Neighbors;
import io.dino4j.data.vector.Vectors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** A search whose results so far survive a crash: parts of it are kept as files. */
final class SavedNeighbors {
    /** Queries of a part. */
    private static final int PART = 1 << 16;

    private static final String NAME = "neighbors-%07d.bin";

    private final Path folder;
    private final ExactNeighbors search;

    SavedNeighbors(Path folder, ExactNeighbors search) {
        this.folder = folder;
        this.search = search;
    }

    Neighbors of(Vectors queries, Progress progress) throws IOException {
        int parts = (queries.size() + PART - 1) / PART;
        int k = search.k();
        int[] index = new int[Math.multiplyExact(queries.size(), k)];
        float[] similarity = new float[index.length];
        for (int p = 0; p < parts; p++) {
            int first = p * PART;
            int count = Math.min(PART, queries.size() - first);
            Path file = folder.resolve(NAME.formatted(p));
            if (!Files.exists(file)) {
                float[] rows = new float[count * queries.dimension()];
                queries.read(first, count, rows);
                Neighbors found = search.of(new ArrayVectors(rows, queries.dimension()), progress);
                Durable.write(file, target -> write(target, found));
            }
            read(file, index, similarity, first * k, count * k);
        }
        return new Neighbors(k, index, similarity);
    }

    private static void write(Path file, Neighbors found) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 * found.index().length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(found.index());
        bytes.position(4 * found.index().length);
        bytes.asFloatBuffer().put(found.similarity());
        Files.write(file, bytes.array());
    }

    private static void read(Path file, int[] index, float[] similarity, int at, int count) throws IOException {
        if (Files.size(file) != 8L * count) {
            throw new IOException("%s: has %d bytes, but %d were written; delete it to search again"
                    .formatted(file, Files.size(file), 8L * count));
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().get(index, at, count);
        bytes.position(4 * count);
        bytes.asFloatBuffer().get(similarity, at, count);
    }
}
