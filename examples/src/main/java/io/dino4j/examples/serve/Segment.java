package io.dino4j.examples.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.file.Durable;
import io.dino4j.data.file.FileTree;
import io.dino4j.data.vector.VectorFile;
import io.dino4j.data.vector.VectorFileWriter;
import io.dino4j.data.vector.VectorType;
import io.dino4j.zoo.PatchFeatures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Some images of an index, in a folder that never changes: {@code embeddings.bin} and {@code patches.bin} ({@link VectorFile}s of rows of length
 * 1), {@code thumbnails.bin} (JPEG files, one after another) and {@code rows.json}.
 *
 * @param folder where it lies
 * @param rows its images
 * @param embeddings {@code [rows, D]}, float32
 * @param patches {@code [P, D]}, int8; of an image row by row, from its {@code firstPatch} on
 */
record Segment(Path folder, List<ImageRow> rows, VectorFile embeddings, VectorFile patches) {
    private static final String EMBEDDINGS = "embeddings.bin";
    private static final String PATCHES = "patches.bin";
    private static final String THUMBNAILS = "thumbnails.bin";
    private static final String ROWS = "rows.json";
    private static final String DRAFT = ".draft";

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Opens a segment.
     *
     * @throws IOException if a file of it is missing or damaged, in one line
     */
    static Segment open(Path folder) throws IOException {
        List<ImageRow> rows;
        try {
            rows = JSON.readValue(Files.readString(folder.resolve(ROWS)), new TypeReference<List<ImageRow>>() {});
        } catch (JsonProcessingException e) {
            throw new IOException("%s: is damaged: %s; delete the folder %s"
                    .formatted(folder.resolve(ROWS), e.getOriginalMessage(), folder));
        }
        VectorFile embeddings = VectorFile.open(folder.resolve(EMBEDDINGS));
        if (embeddings.size() != rows.size()) {
            throw new IOException("%s: has %d embeddings of %d images; delete the folder"
                    .formatted(folder, embeddings.size(), rows.size()));
        }
        return new Segment(folder, rows, embeddings, VectorFile.open(folder.resolve(PATCHES)));
    }

    /** Whether a folder is what a run that was killed has left. */
    static boolean isDraft(Path folder) {
        return folder.getFileName().toString().endsWith(DRAFT);
    }

    /**
     * The small picture of an image.
     *
     * @return a JPEG file
     * @throws IOException if it cannot be read
     */
    byte[] thumbnail(int row) throws IOException {
        ImageRow image = rows.get(row);
        ByteBuffer bytes = ByteBuffer.allocate(image.thumbnailBytes());
        try (FileChannel file = FileChannel.open(folder.resolve(THUMBNAILS), StandardOpenOption.READ)) {
            while (bytes.hasRemaining()) {
                if (file.read(bytes, image.thumbnail() + bytes.position()) < 0) {
                    throw new IOException("%s: is cut off; delete the folder %s".formatted(THUMBNAILS, folder));
                }
            }
        }
        return bytes.array();
    }

    /** Writes a segment, which is there when it is finished and not before. */
    static final class Writer implements AutoCloseable {
        private final Path target;
        private final Path draft;
        private final VectorFileWriter embeddings;
        private final VectorFileWriter patches;
        private final List<ImageRow> rows = new ArrayList<>();
        private final ByteArrayOutputStream thumbnails = new ByteArrayOutputStream();
        private boolean finished;

        Writer(Path target, int dimension) throws IOException {
            this.target = target;
            draft = target.resolveSibling(target.getFileName() + DRAFT);
            Files.createDirectories(draft);
            embeddings = VectorFileWriter.create(draft.resolve(EMBEDDINGS), VectorType.FLOAT32, dimension);
            patches = VectorFileWriter.create(draft.resolve(PATCHES), VectorType.INT8, dimension);
        }

        int size() {
            return rows.size();
        }

        /**
         * Adds an image.
         *
         * @param row its row; place of patches and thumbnail are filled in
         * @param withPatches whether its patches are kept
         */
        void add(ImageRow row, PatchFeatures features, boolean withPatches, byte[] thumbnail) throws IOException {
            int first = withPatches ? Math.toIntExact(patches.written()) : -1;
            embeddings.append(features.cls(), 1);
            if (withPatches) {
                patches.append(features.patches(), features.numPatches());
            }
            rows.add(new ImageRow(
                    row.stamp(), row.sha256(), row.width(), row.height(), first, thumbnails.size(), thumbnail.length));
            thumbnails.writeBytes(thumbnail);
        }

        void finish() throws IOException {
            embeddings.finish();
            patches.finish();
            Durable.write(draft.resolve(THUMBNAILS), file -> Files.write(file, thumbnails.toByteArray()));
            Durable.write(draft.resolve(ROWS), file -> Files.writeString(file, JSON.writeValueAsString(rows)));
            Durable.publish(draft, target);
            finished = true;
        }

        /** Unfinished, it leaves nothing behind. */
        @Override
        public void close() throws IOException {
            embeddings.close();
            patches.close();
            if (!finished) {
                FileTree.delete(draft);
            }
        }
    }
}
