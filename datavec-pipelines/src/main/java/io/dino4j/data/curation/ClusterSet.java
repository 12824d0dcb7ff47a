package io.dino4j.data.curation;

import io.dino4j.data.file.Sha256;
import io.dino4j.data.parquet.ParquetInput;
import io.dino4j.data.parquet.ParquetOutput;
import io.dino4j.data.parquet.ParquetOutput.Packing;
import io.dino4j.data.source.Manifest;
import io.dino4j.data.vector.VectorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * Images and their clusters, in a folder: {@code centroids.bin}, {@code images.parquet} and {@code assignment.parquet} (for each row of the former
 * its {@code cluster} and its {@code similarity} to the centroid), {@code clusters.csv} and {@code stage.json}.
 *
 * @param folder where it lies
 * @param centroids {@code [K, D]} of length 1
 * @param images N rows
 * @param assignment {@code [N]} cluster of each image
 * @param similarity {@code [N]} inner product with the centroid
 */
public record ClusterSet(Path folder, VectorFile centroids, Manifest images, int[] assignment, float[] similarity) {
    static final String CENTROIDS = "centroids.bin";
    static final String ASSIGNMENT = "assignment.parquet";

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
        VectorFile centroids = VectorFile.open(folder.resolve(CENTROIDS));
        Manifest images = Manifest.read(folder.resolve(EmbeddingSet.IMAGES));
        int[] assignment = new int[images.size()];
        float[] similarity = new float[images.size()];
        read(folder.resolve(ASSIGNMENT), centroids.size(), assignment, similarity);
        return new ClusterSet(folder, centroids, images, assignment, similarity);
    }

    /** Returns the number of clusters, K. */
    public int clusters() {
        return centroids.size();
    }

    /** Returns the hash of what the clusters were made with and of what became of it. */
    public String fingerprint() throws IOException {
        return Sha256.ofLines(
                Stream.of(Sha256.of(folder.resolve(StageFolder.SETTINGS)), Sha256.of(folder.resolve(ASSIGNMENT))));
    }

    /** Returns how many images each cluster holds. */
    public ClusterSizes sizes() {
        return new ClusterSizes(Retrieval.histogram(assignment, clusters()));
    }

    static void write(Path file, int[] assignment, float[] similarity) throws IOException {
        try (ParquetOutput<Integer> out =
                ParquetOutput.open(file, SCHEMA, Packing.DICTIONARY_ZSTD, (i, to) -> to.int32("cluster", assignment[i])
                        .float32("similarity", similarity[i]))) {
            for (int i = 0; i < assignment.length; i++) {
                out.write(i);
            }
        }
    }

    private static void read(Path file, int clusters, int[] assignment, float[] similarity) throws IOException {
        try (ParquetInput in = ParquetInput.open(file)) {
            if (in.rows() != assignment.length || !in.schema().equals(SCHEMA)) {
                throw new IOException("%s: does not hold the clusters of %d images; make it again"
                        .formatted(file, assignment.length));
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
