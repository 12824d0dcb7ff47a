package io.dino4j.examples.benchmark;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.curation.copy.CopyDescriptor;
import io.dino4j.data.curation.copy.CopyEdges;
import io.dino4j.data.curation.copy.CopyVerifier;
import io.dino4j.data.curation.copy.LocalFeatures;
import io.dino4j.data.image.Image;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.vector.ArrayVectors;
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.LocalBlocks;
import io.dino4j.data.vector.Neighbors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Searches for copies and counts what is found. */
final class CopyMeasurement {
    /** Images of which the cost is measured, on one thread. */
    private static final int TIMED = 60;

    /** Images read at a time. */
    private static final int BATCH = 64;

    private final ImageSource pool;
    private final CopyQueries queries;
    private final Map<String, ImageSource> distractors;
    private final int k;
    private final Seed seed;
    private final CopyVerifier verifier = new CopyVerifier();
    private final Map<String, Integer> wanted = new TreeMap<>();

    final List<PairScores> scores = new ArrayList<>();
    final List<FalsePairs> falsePairs = new ArrayList<>();
    int dimension;
    double learnSeconds;
    double embedMillis;
    double pairMillis;

    /**
     * Pairs of different pictures that look like copies.
     *
     * @param set where
     * @param images in it
     * @param similarity (E) of the pairs of neighbours, each once
     * @param evidence (E) of those
     * @param taken the pairs that are taken for copies, those with most evidence first, for a person to look at
     */
    record FalsePairs(String set, int images, float[] similarity, float[] evidence, List<Pair> taken) {
        /** Two images, and what speaks for their being copies. */
        record Pair(String one, String other, float similarity, float evidence) {}

        long count(double least, double leastEvidence) {
            return IntStream.range(0, similarity.length)
                    .filter(e -> similarity[e] >= least && evidence[e] >= leastEvidence)
                    .count();
        }
    }

    CopyMeasurement(ImageSource pool, CopyQueries queries, Map<String, ImageSource> distractors, int k, Seed seed) {
        this.pool = pool;
        this.queries = queries;
        this.distractors = distractors;
        this.k = k;
        this.seed = seed;
        queries.alterations().forEach(name -> wanted.merge(name, 1, Integer::sum));
    }

    int poolSize() {
        return pool.size();
    }

    int copies() {
        return queries.size();
    }

    int k() {
        return k;
    }

    CopyMeasurement run(boolean allPairs, Consumer<String> say) throws IOException {
        say.accept("learning from %d images".formatted(pool.size()));
        long start = System.nanoTime();
        CopyDescriptor descriptor = CopyDescriptor.learn(pool, seed, Progress.SILENT);
        learnSeconds = (System.nanoTime() - start) / 1e9;
        dimension = descriptor.dimension();
        List<LocalFeatures> among = features(pool);
        List<LocalFeatures> copies =
                queries.images().parallelStream().map(LocalFeatures::of).toList();
        ArrayVectors set = vectors(descriptor, among);
        say.accept("searching for %d copies".formatted(copies.size()));
        Neighbors found = new ExactNeighbors(LocalBlocks.of(set), Math.min(k, pool.size()))
                .of(vectors(descriptor, copies), Progress.SILENT);
        scores(found, copies, among);
        if (allPairs) {
            say.accept("looking at all %d pairs".formatted((long) copies.size() * among.size()));
            scores.add(1, all(copies, among));
        }
        say.accept("pairs among images without copies");
        falsePairs.add(falsePairs("pool", pool, descriptor, among));
        for (Map.Entry<String, ImageSource> more : distractors.entrySet()) {
            falsePairs.add(falsePairs(more.getKey(), more.getValue(), descriptor, features(more.getValue())));
        }
        costs(descriptor, copies, among, found);
        return this;
    }

    private void scores(Neighbors found, List<LocalFeatures> copies, List<LocalFeatures> among) {
        int n = found.index().length;
        boolean[] isCopy = new boolean[n];
        List<String> alteration = new ArrayList<>();
        for (int e = 0; e < n; e++) {
            isCopy[e] = found.index()[e] == queries.originals()[e / found.k()];
            alteration.add(queries.alterations().get(e / found.k()));
        }
        float[] evidence = new float[n];
        IntStream.range(0, n).parallel().forEach(e -> {
            boolean near = found.similarity()[e] >= CopyDescriptor.CANDIDATE_THRESHOLD;
            evidence[e] = near
                    ? (float) verifier.compare(copies.get(e / found.k()), among.get(found.index()[e]))
                            .evidence()
                    : 0;
        });
        scores.add(new PairScores("vector", found.similarity(), isCopy, alteration, wanted));
        scores.add(new PairScores("vector, then images", evidence, isCopy, alteration, wanted));
    }

    private PairScores all(List<LocalFeatures> copies, List<LocalFeatures> among) {
        int n = copies.size() * among.size();
        float[] evidence = new float[n];
        boolean[] isCopy = new boolean[n];
        List<String> alteration = new ArrayList<>();
        for (int e = 0; e < n; e++) {
            isCopy[e] = e % among.size() == queries.originals()[e / among.size()];
            alteration.add(queries.alterations().get(e / among.size()));
        }
        IntStream.range(0, n)
                .parallel()
                .forEach(e -> evidence[e] =
                        (float) verifier.compare(copies.get(e / among.size()), among.get(e % among.size()))
                                .evidence());
        return new PairScores("images", evidence, isCopy, alteration, wanted);
    }

    private FalsePairs falsePairs(
            String set, ImageSource source, CopyDescriptor descriptor, List<LocalFeatures> images) {
        Neighbors graph = new ExactNeighbors(LocalBlocks.of(vectors(descriptor, images)), Math.min(k, images.size()))
                .graph(Progress.SILENT);
        CopyEdges pairs = CopyEdges.of(graph, 0, CopyDescriptor.CANDIDATE_THRESHOLD);
        float[] evidence = new float[pairs.count()];
        IntStream.range(0, evidence.length)
                .parallel()
                .forEach(e ->
                        evidence[e] = (float) verifier.compare(images.get(pairs.one()[e]), images.get(pairs.other()[e]))
                                .evidence());
        List<FalsePairs.Pair> taken = IntStream.range(0, evidence.length)
                .boxed()
                .filter(e -> evidence[e] >= verifier.leastEvidence())
                .sorted((a, b) -> Float.compare(evidence[b], evidence[a]))
                .map(e -> new FalsePairs.Pair(
                        name(source, pairs.one()[e]),
                        name(source, pairs.other()[e]),
                        pairs.similarity()[e],
                        evidence[e]))
                .toList();
        return new FalsePairs(set, images.size(), pairs.similarity(), evidence, taken);
    }

    /** One after the other, on this thread; the middle of the times, so that other work on the machine counts little. */
    private void costs(
            CopyDescriptor descriptor, List<LocalFeatures> copies, List<LocalFeatures> among, Neighbors found) {
        double[] embed = new double[Math.min(TIMED, queries.size())];
        double[] pair = new double[embed.length];
        for (int i = 0; i < embed.length; i++) {
            Image image = queries.images().get(i);
            long start = System.nanoTime();
            descriptor.embed(image);
            embed[i] = (System.nanoTime() - start) / 1e6;
            int other = found.index()[i * found.k() + found.k() - 1]; // no copy: both ways are tried
            start = System.nanoTime();
            verifier.compare(copies.get(i), among.get(other));
            pair[i] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(embed);
        Arrays.sort(pair);
        embedMillis = embed[embed.length / 2];
        pairMillis = pair[pair.length / 2];
    }

    /** Folder and file. */
    private static String name(ImageSource source, int i) {
        Path file = Path.of(source.name(i)).toAbsolutePath().normalize();
        return file.subpath(Math.max(0, file.getNameCount() - 2), file.getNameCount())
                .toString();
    }

    private static List<LocalFeatures> features(ImageSource source) throws IOException {
        List<LocalFeatures> features = new ArrayList<>();
        for (int from = 0; from < source.size(); from += BATCH) {
            List<Image> images = new ArrayList<>();
            for (int i = from; i < Math.min(source.size(), from + BATCH); i++) {
                images.add(source.read(i, LocalFeatures.REDUCTION));
            }
            features.addAll(images.parallelStream().map(LocalFeatures::of).toList());
        }
        return features;
    }

    private static ArrayVectors vectors(CopyDescriptor descriptor, List<LocalFeatures> images) {
        int d = descriptor.dimension();
        float[] rows = new float[images.size() * d];
        IntStream.range(0, images.size())
                .parallel()
                .filter(i -> images.get(i).count() > 0) // a flat one is near to nothing: zeros do here
                .forEach(i -> System.arraycopy(descriptor.embed(images.get(i)), 0, rows, i * d, d));
        return new ArrayVectors(rows, d);
    }
}
