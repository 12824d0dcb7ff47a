package io.dino4j.data.curation;

import io.dino4j.data.Progress;
import io.dino4j.data.file.Durable;
import io.dino4j.data.vector.ArrayVectors;
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.NeighborSearch;
import io.dino4j.data.vector.Neighbors;
import io.dino4j.data.vector.Vectors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A search whose results so far survive a crash: parts of it are kept as files. {@link #forEach} holds one part in memory. */
final class SavedNeighbors {
    /** Queries of a part, unless a test wants fewer. */
    private static final int PART = 1 << 16;

    private static final String NAME = "neighbors-%07d.bin";

    private final Path folder;
    private final int k;
    private final int rowsOfPart;
    private final Opening opening;

    /** Makes ready to search; asked only if something is left to search for. */
    interface Opening {
        NeighborSearch open() throws IOException;
    }

    /** Is handed the parts, in order. */
    interface Consumer {
        /** The neighbours of queries {@code first, first + 1, ...}. */
        void accept(int first, Neighbors found);
    }

    SavedNeighbors(Path folder, ExactNeighbors search) {
        this(folder, search.k(), () -> search);
    }

    SavedNeighbors(Path folder, int k, Opening opening) {
        this(folder, k, PART, opening);
    }

    SavedNeighbors(Path folder, int k, int rowsOfPart, Opening opening) {
        this.folder = folder;
        this.k = k;
        this.rowsOfPart = rowsOfPart;
        this.opening = opening;
    }

    /** All parts in one, for few neighbours. */
    Neighbors of(Vectors queries, Progress progress) throws IOException {
        int count = Math.multiplyExact(queries.size(), k);
        Neighbors all = new Neighbors(k, new int[count], new float[count]);
        forEach(queries, progress, (first, found) -> {
            System.arraycopy(found.index(), 0, all.index(), first * k, found.index().length);
            System.arraycopy(found.similarity(), 0, all.similarity(), first * k, found.similarity().length);
        });
        return all;
    }

    void forEach(Vectors queries, Progress progress, Consumer consumer) throws IOException {
        int parts = (queries.size() + rowsOfPart - 1) / rowsOfPart;
        search(queries, parts, progress);
        for (int p = 0; p < parts; p++) {
            int first = p * rowsOfPart;
            consumer.accept(first, read(file(p), Math.min(rowsOfPart, queries.size() - first)));
        }
    }

    private void search(Vectors queries, int parts, Progress progress) throws IOException {
        int p = 0;
        while (p < parts && Files.exists(file(p))) { // they are written in order
            p++;
        }
        if (p == parts) {
            return;
        }
        NeighborSearch search = opening.open();
        progress.begin("nearest neighbours", (long) p * rowsOfPart, queries.size());
        for (; p < parts; p++) {
            int first = p * rowsOfPart;
            int count = Math.min(rowsOfPart, queries.size() - first);
            float[] rows = new float[Math.multiplyExact(count, queries.dimension())];
            queries.read(first, count, rows);
            Neighbors found = search.of(new ArrayVectors(rows, queries.dimension()), new Part(progress, first));
            Durable.write(file(p), bytes(found));
        }
        progress.end();
    }

    private Path file(int part) {
        return folder.resolve(NAME.formatted(part));
    }

    private static byte[] bytes(Neighbors found) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * found.index().length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(found.index());
        bytes.position(4 * found.index().length);
        bytes.asFloatBuffer().put(found.similarity());
        return bytes.array();
    }

    private Neighbors read(Path file, int rows) throws IOException {
        int count = Math.multiplyExact(rows, k);
        if (Files.size(file) != 8L * count) {
            throw new IOException("%s: has %d bytes, but %d were written; delete it to search again"
                    .formatted(file, Files.size(file), 8L * count));
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        Neighbors found = new Neighbors(k, new int[count], new float[count]);
        bytes.asIntBuffer().get(found.index());
        bytes.position(4 * count);
        bytes.asFloatBuffer().get(found.similarity());
        return found;
    }

    /** Reports a part as what it is of the whole. */
    private record Part(Progress whole, int first) implements Progress {
        @Override
        public void begin(String task, long done, long total) {
            // the whole has begun
        }

        @Override
        public void advance(long done, Map<String, Double> values) {
            whole.advance(first + done, values);
        }

        @Override
        public void end() {
            // the whole goes on
        }

        @Override
        public void say(String line) {
            whole.say(line);
        }
    }
}
