package io.dino4j.data.curation;

import io.dino4j.data.file.Durable;
import io.dino4j.data.file.Sha256;
import io.dino4j.data.parquet.ParquetInput;
import io.dino4j.data.parquet.ParquetOutput;
import io.dino4j.data.parquet.ParquetOutput.Packing;
import io.dino4j.data.source.Manifest;
import io.dino4j.data.vector.Clustering;
import io.dino4j.data.vector.Hierarchy;
import io.dino4j.data.vector.VectorFile;
import io.dino4j.data.vector.VectorFileWriter;
import io.dino4j.data.vector.VectorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * Images and their clusters, in a folder: {@code images.parquet}, and for each level from 1, the lowest, {@code centroids-1.bin} and
 * {@code assignment-1.parquet}, which has for each image, above that for each cluster of the level below, its {@code cluster} and its
 * {@code similarity} to the centroid. {@code clusters.csv} is for people.
 *
 * @param folder where it lies
 * @param images N rows
 * @param hierarchy the clusters; its objectives are empty
 */
public record ClusterSet(Path folder, Manifest images, Hierarchy hierarchy) {
    private static final String CENTROIDS = "centroids-%d.bin";
    private static final String ASSIGNMENT = "assignment-%d.parquet";

    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType(
            "message clusters { required int32 cluster; required float similarity; }");

    /**
     * Opens a set.
     *
     * @param folder as {@link ClusterStage} made it
     * @throws IllegalArgumentException if it is none
     * @throws IOException if a file of it is missing or damaged
     */
    public static ClusterSet open(Path folder) throws IOException {
        if (!StageFolder.settingsOf(folder).containsKey(ClusterStage.CLUSTERS)) {
            throw new IllegalArgumentException(
                    "%s: holds no clusters; expected a folder that 'curate cluster' has made".formatted(folder));
        }
        Manifest images = Manifest.read(folder.resolve(EmbeddingSet.IMAGES));
        List<Clustering> levels = new ArrayList<>();
        int rows = images.size();
        for (int level = 1; level == 1 || Files.exists(folder.resolve(CENTROIDS.formatted(level))); level++) {
            Clustering clustering = read(folder, level, rows);
            levels.add(clustering);
            rows = clustering.clusters();
        }
        return new ClusterSet(folder, images, new Hierarchy(levels));
    }

    /** Returns the clusters of the images: the lowest level. */
    public Clustering lowest() {
        return hierarchy.lowest();
    }

    /** Returns how many images each cluster of the lowest level holds. */
    public ClusterSizes sizes() {
        return new ClusterSizes(lowest().counts());
    }

    /** Returns the hash of what the clusters were made with and of what became of it. */
    public String fingerprint() throws IOException {
        return Sha256.ofLines(Stream.of(
                Sha256.of(folder.resolve(StageFolder.SETTINGS)), Sha256.of(folder.resolve(ASSIGNMENT.formatted(1)))));
    }

    /** Writes the levels. */
    static void write(Hierarchy hierarchy, Path folder) throws IOException {
        for (int l = 0; l < hierarchy.levels().size(); l++) {
            Clustering level = hierarchy.levels().get(l);
            Path centroids = folder.resolve(CENTROIDS.formatted(l + 1));
            try (VectorFileWriter writer = VectorFileWriter.create(centroids, VectorType.FLOAT32, level.dimension())) {
                writer.append(level.centroids(), level.clusters());
                writer.finish();
            }
            Durable.write(folder.resolve(ASSIGNMENT.formatted(l + 1)), file -> write(level, file));
        }
    }

    private static void write(Clustering level, Path file) throws IOException {
        try (ParquetOutput<Integer> out = ParquetOutput.open(
                file, SCHEMA, Packing.DICTIONARY_ZSTD, (i, to) -> to.int32("cluster", level.assignment()[i])
                        .float32("similarity", level.similarity()[i]))) {
            for (int i = 0; i < level.size(); i++) {
                out.write(i);
            }
        }
    }

    private static Clustering read(Path folder, int level, int rows) throws IOException {
        VectorFile file = VectorFile.open(folder.resolve(CENTROIDS.formatted(level)));
        float[] centroids = new float[Math.multiplyExact(file.size(), file.dimension())];
        file.read(0, file.size(), centroids);
        int[] assignment = new int[rows];
        float[] similarity = new float[rows];
        read(folder.resolve(ASSIGNMENT.formatted(level)), file.size(), assignment, similarity);
        int[] counts = Retrieval.histogram(assignment, file.size());
        return new Clustering(file.dimension(), centroids, assignment, similarity, counts, new double[0], true);
    }

    private static void read(Path file, int clusters, int[] assignment, float[] similarity) throws IOException {
        try (ParquetInput in = ParquetInput.open(file)) {
            if (in.rows() != assignment.length || !in.schema().equals(SCHEMA)) {
                throw new IOException(
                        "%s: does not hold the clusters of %d rows; make it again".formatted(file, assignment.length));
            }
            int first = 0;
            for (int group = 0; group < in.rowGroups(); group++) {
                int from = first;
                in.read(group, SCHEMA.getColumns().get(0), (row, value, present) -> {
                    int cluster = value.getInteger();
                    if (cluster < 0 || cluster >= clusters) {
                        throw new IOException("%s: row %d is of cluster %d, and there are %d; make it again"
                                .formatted(file, from + row, cluster, clusters));
                    }
                    assignment[(int) (from + row)] = cluster;
                });
                in.read(
                        group,
                        SCHEMA.getColumns().get(1),
                        (row, value, present) -> similarity[(int) (from + row)] = value.getFloat());
                first += (int) in.rows(group);
            }
        }
    }
}
