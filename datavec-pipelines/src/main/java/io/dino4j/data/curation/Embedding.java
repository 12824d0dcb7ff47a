package io.dino4j.data.curation;

import io.dino4j.data.Progress;
import io.dino4j.data.ReadAhead;
import io.dino4j.data.file.Durable;
import io.dino4j.data.file.Sha256;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.ImageHeader;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.Location;
import io.dino4j.data.source.Manifest;
import io.dino4j.data.source.ManifestRow;
import io.dino4j.data.vector.VectorFile;
import io.dino4j.data.vector.VectorFileWriter;
import io.dino4j.data.vector.VectorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The first stage of curation: images to an {@link EmbeddingSet}. Images are taken in chunks of {@value #CHUNK}; a chunk is worked out by itself, in
 * the same batches wherever that is, so that machines can share the work and give the same bits. A chunk that is done survives a crash.
 *
 * @param images all to be embedded; those that cannot be read are left out and told of
 * @param embedder makes the vectors
 * @param batch images that go through the embedder at a time, 1 to {@value #CHUNK}
 * @param threads that read and decode, 1 or more
 */
public record Embedding(ImageSource images, Embedder embedder, int batch, int threads) {
    /** Images of a chunk. */
    public static final int CHUNK = 256;

    /** Checks the numbers. */
    public Embedding {
        if (batch < 1 || batch > CHUNK || threads < 1) {
            throw new IllegalArgumentException("expected 1 to %d images in a batch and 1 thread or more, got %d and %d"
                    .formatted(CHUNK, batch, threads));
        }
    }

    /**
     * What has become of a chunk.
     *
     * @param rows of the images that could be read, n of them
     * @param vectors {@code [n, D]}, rows of length 1, or 0 if the embedder gave nothing but zeros
     * @param unreadable a line for each of the others
     */
    public record Chunk(List<ManifestRow> rows, float[] vectors, List<String> unreadable) {}

    /** An image on its way: either a row and pixels, or trouble. */
    private record Loaded(ManifestRow row, Image pixels, String trouble) {
        boolean isReadable() {
            return trouble.isEmpty();
        }
    }

    /**
     * What the vectors depend on.
     *
     * @param embedder what must be equal for vectors to be compared
     * @param named as the images were named
     */
    public Map<String, String> settings(String embedder, String named) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(EmbeddingSet.EMBEDDER, embedder);
        settings.put("images", named);
        settings.put("images_listed", Integer.toString(images.size()));
        settings.put(
                "images_sha256",
                Sha256.ofLines(IntStream.range(0, images.size()).mapToObj(images::name)));
        return settings;
    }

    /** Returns the number of chunks. */
    public int chunks() {
        return (images.size() + CHUNK - 1) / CHUNK;
    }

    /**
     * Works out one chunk.
     *
     * @param number from 0 to {@code chunks() - 1}
     */
    public Chunk chunk(int number) {
        int first = number * CHUNK;
        int end = Math.min(images.size(), first + CHUNK);
        try (ReadAhead<Loaded> loaded = new ReadAhead<>(first, end, this::load, threads, 2 * threads + batch)) {
            return embed(loaded.next(end - first));
        }
    }

    /** Works out the chunks from one on, one after another, while later images are decoded. */
    void chunks(int first, ChunksOf.Sink sink) throws IOException {
        int begin = first * CHUNK;
        try (ReadAhead<Loaded> loaded =
                new ReadAhead<>(begin, images.size(), this::load, threads, 2 * threads + 2 * batch)) {
            for (int c = first; c < chunks(); c++) {
                int end = Math.min(images.size(), (c + 1) * CHUNK);
                sink.accept(c, embed(loaded.next(end - c * CHUNK)));
            }
        }
    }

    /**
     * Embeds all images, from where an interrupted run stopped.
     *
     * @param out folder of the set
     * @param settings as {@link #settings} gives them
     * @param type how the vectors are kept
     * @param force replace a set of other settings
     * @param progress told of every chunk, and of every image that cannot be read
     * @throws IllegalArgumentException if no image at all can be read, or there is a set of other settings
     * @throws IOException if it cannot be written
     */
    public EmbeddingSet run(Path out, Map<String, String> settings, VectorType type, boolean force, Progress progress)
            throws IOException {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.put("type", type.name());
        all.put("batch", Integer.toString(batch));
        StageFolder.make(
                out,
                all,
                force,
                progress,
                draft -> fill(
                        draft, out.toAbsolutePath().normalize().getFileName().toString(), type, progress));
        return EmbeddingSet.open(out);
    }

    private void fill(Path draft, String out, VectorType type, Progress progress) throws IOException {
        if (Files.exists(draft.resolve(EmbeddingSet.UNREADABLE))) { // the last file to be written
            return;
        }
        Path work = StageFolder.work(draft, "chunks");
        int done = 0;
        while (done < chunks() && Files.exists(troubles(work, done))) {
            done++;
        }
        progress.begin("embedding", Math.min((long) done * CHUNK, images.size()), images.size());
        long start = System.nanoTime();
        int first = done * CHUNK;
        try {
            ChunksOf.here().each(this, out, done, (number, chunk) -> {
                int end = Math.min(images.size(), (number + 1) * CHUNK);
                chunk.unreadable().forEach(line -> progress.say("left out " + line));
                write(work, number, chunk);
                double rate = (end - first) / ((System.nanoTime() - start) / 1e9);
                progress.advance(end, Map.of("images_per_second", rate));
            });
        } finally {
            progress.end();
        }
        join(work, draft, type);
    }

    private Loaded load(int index) {
        String name = images.name(index);
        try {
            byte[] file = images.encoded(index);
            ImageHeader header = ImageHeader.of(file, name);
            Image image = ImageDecoder.decode(file, header, name, embedder.reduction());
            int label = images.label(index);
            ManifestRow row = new ManifestRow(
                    images.location(index).orElseGet(() -> new Location.WholeFile(Path.of(name))),
                    header.width(),
                    header.height(),
                    file.length,
                    Sha256.of(file),
                    label < 0 ? "" : images.classes().get(label),
                    images.weight(index));
            return new Loaded(row, embedder.prepare(image, header.width(), header.height()), "");
        } catch (UnreadableImageException e) {
            return new Loaded(null, null, e.getMessage());
        } catch (IllegalArgumentException e) { // too small or narrow for what is asked
            return new Loaded(null, null, name + ": " + e.getMessage());
        }
    }

    private Chunk embed(List<Loaded> loaded) {
        List<Loaded> good = loaded.stream().filter(Loaded::isReadable).toList();
        List<String> troubles = loaded.stream()
                .filter(l -> !l.isReadable())
                .map(Loaded::trouble)
                .toList();
        float[] vectors = {};
        for (int from = 0; from < good.size(); from += batch) {
            List<Loaded> part = good.subList(from, Math.min(good.size(), from + batch));
            float[][] embedded =
                    embedder.embed(part.stream().map(Loaded::pixels).toList());
            if (from == 0) {
                vectors = new float[good.size() * embedded[0].length];
            }
            for (int i = 0; i < embedded.length; i++) {
                normalize(embedded[i], part.get(i).row());
                System.arraycopy(embedded[i], 0, vectors, (from + i) * embedded[i].length, embedded[i].length);
            }
        }
        return new Chunk(good.stream().map(Loaded::row).toList(), vectors, troubles);
    }

    private static void normalize(float[] vector, ManifestRow row) {
        double squares = 0;
        for (float v : vector) {
            squares += (double) v * v;
        }
        if (!Double.isFinite(squares)) {
            throw new IllegalStateException(
                    "the embedding of %s is not finite; are these trained weights?".formatted(row.location()));
        }
        double scale = squares == 0 ? 0 : 1 / Math.sqrt(squares);
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (vector[i] * scale);
        }
    }

    private static Path rows(Path work, int chunk) {
        return work.resolve("chunk-%07d.parquet".formatted(chunk));
    }

    private static Path vectors(Path work, int chunk) {
        return work.resolve("chunk-%07d.bin".formatted(chunk));
    }

    private static Path troubles(Path work, int chunk) {
        return work.resolve("chunk-%07d.txt".formatted(chunk));
    }

    /** The list of troubles comes last: where it is, the chunk is whole. */
    private static void write(Path work, int number, Chunk chunk) throws IOException {
        int n = chunk.rows().size();
        if (n > 0) {
            Manifest.Builder rows = Manifest.builder();
            chunk.rows().forEach(rows::add);
            rows.build().write(rows(work, number));
            try (VectorFileWriter writer =
                    VectorFileWriter.create(vectors(work, number), VectorType.FLOAT32, chunk.vectors().length / n)) {
                writer.append(chunk.vectors(), n);
                writer.finish();
            }
        }
        Durable.write(troubles(work, number), file -> Files.write(file, chunk.unreadable()));
    }

    private void join(Path work, Path draft, VectorType type) throws IOException {
        Manifest.Builder rows = Manifest.builder();
        List<String> troubles = new ArrayList<>();
        VectorFileWriter writer = null;
        try {
            for (int c = 0; c < chunks(); c++) {
                troubles.addAll(Files.readAllLines(troubles(work, c)));
                if (!Files.exists(rows(work, c))) {
                    continue;
                }
                Manifest part = Manifest.read(rows(work, c));
                for (int i = 0; i < part.size(); i++) {
                    rows.add(part.row(i));
                }
                VectorFile vectors = VectorFile.open(vectors(work, c));
                if (writer == null) {
                    writer = VectorFileWriter.create(draft.resolve(EmbeddingSet.VECTORS), type, vectors.dimension());
                }
                float[] some = new float[vectors.size() * vectors.dimension()];
                vectors.read(0, vectors.size(), some);
                writer.append(some, vectors.size());
            }
            if (writer == null) {
                throw new IllegalArgumentException(
                        "none of the %d images can be read, for instance %s".formatted(images.size(), troubles.get(0)));
            }
            writer.finish();
        } finally {
            if (writer != null) {
                writer.close();
            }
        }
        embedder.save(draft);
        rows.build().write(draft.resolve(EmbeddingSet.IMAGES));
        new StageSummary("embed", images.size(), rows.size(), Map.of("unreadable", troubles.size())).write(draft);
        Durable.write(draft.resolve(EmbeddingSet.UNREADABLE), file -> Files.write(file, troubles));
    }
}
