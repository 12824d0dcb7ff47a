package io.dino4j.train.eval.retrieval;

import io.dino4j.data.source.ImageSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Queries, images to search, and what there is to find.
 *
 * @param name of the protocol in tables
 * @param queries {@code Q} images
 * @param names of the queries, for people, {@code Q}
 * @param database {@code N} images; may be the same as the queries
 * @param setups by name, the first is the one to quote; for each query what is right. A query without any right image is not part of the setup
 */
public record RetrievalSet(
        String name,
        ImageSource queries,
        List<String> names,
        ImageSource database,
        Map<String, List<Relevance>> setups) {
    /** Files of ground truth in the form of the revisited benchmarks. */
    private static final String REVISITED = "gnd_*.{pkl,json}";

    /**
     * Checks numbers and positions.
     *
     * @throws IllegalArgumentException if they do not go together, or a setup has no query that can be answered
     */
    public RetrievalSet {
        names = List.copyOf(names);
        setups = new LinkedHashMap<>(setups);
        int q = queries.size();
        int n = database.size();
        if (names.size() != q || setups.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s: %d queries, %d names and %d setups".formatted(name, q, names.size(), setups.size()));
        }
        setups.forEach((setup, truth) -> {
            if (truth.size() != q || truth.stream().noneMatch(Relevance::isAnswerable)) {
                throw new IllegalArgumentException("%s %s: none of the %d queries has a right image, or %d are listed"
                        .formatted(name, setup, q, truth.size()));
            }
            if (!truth.stream()
                    .flatMapToInt(r -> IntStream.concat(IntStream.of(r.positives()), IntStream.of(r.junk())))
                    .allMatch(i -> i >= 0 && i < n)) {
                throw new IllegalArgumentException(
                        "%s %s: names an image beyond the %d of the database".formatted(name, setup, n));
            }
        });
    }

    /**
     * Opens a folder: with {@code labels.csv} (image, landmark, role), or with a file {@code gnd_*.pkl} or {@code gnd_*.json} of the
     * revisited benchmarks and images in {@code jpg/}.
     *
     * @param leaveOneOut with {@code labels.csv}: every labelled image is a query once, for all others
     * @throws IllegalArgumentException in one line naming the file and what is wrong
     * @throws IOException if a file cannot be read
     */
    public static RetrievalSet open(Path folder, boolean leaveOneOut) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(folder + ": no such folder; expected one with labels.csv or gnd_*.pkl");
        }
        if (Files.exists(folder.resolve(Landmarks.LIST))) {
            Landmarks landmarks = Landmarks.read(folder);
            return leaveOneOut ? landmarks.leaveOneOut() : landmarks.byRole();
        }
        List<Path> truths;
        try (Stream<Path> files = Files.list(folder)) {
            truths = files.filter(f -> f.getFileSystem()
                            .getPathMatcher("glob:" + REVISITED)
                            .matches(f.getFileName()))
                    .sorted()
                    .toList();
        }
        if (truths.size() != 1) {
            throw new IllegalArgumentException("%s: has neither labels.csv nor one file gnd_*.pkl or gnd_*.json, but %s"
                    .formatted(folder, truths.isEmpty() ? "none" : truths));
        }
        if (leaveOneOut) {
            throw new IllegalArgumentException("%s: leave-one-out needs labels.csv".formatted(folder));
        }
        return RevisitedTruth.read(truths.get(0)).in(folder);
    }
}
