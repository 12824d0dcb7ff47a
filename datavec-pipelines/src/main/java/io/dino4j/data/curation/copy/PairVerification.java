package io.dino4j.data.curation.copy;

import io.dino4j.data.source.ImageSource;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** Looks at the images of many pairs, on all threads of the common pool; the result does not depend on their number. Used by one thread. */
public final class PairVerification {
    private static final int BLOCK = 512; // pairs between two reports

    private final PairFeatures first;
    private final PairFeatures second;
    private final CopyVerifier verifier;

    /**
     * Pairs of images of one set.
     *
     * @param images of the rows
     * @param verifier decides
     */
    public PairVerification(ImageSource images, CopyVerifier verifier) {
        first = new PairFeatures(images);
        second = first;
        this.verifier = verifier;
    }

    /**
     * Pairs of images of two sets.
     *
     * @param images of the first rows
     * @param others of the second rows
     * @param verifier decides
     */
    public PairVerification(ImageSource images, ImageSource others, CopyVerifier verifier) {
        first = new PairFeatures(images);
        second = new PairFeatures(others);
        this.verifier = verifier;
    }

    /**
     * What speaks for each pair being copies.
     *
     * @param one (E) rows of the first set
     * @param other (E) rows of the second set
     * @param done told of pairs looked at so far
     * @param unreadable told of an image that cannot be read any more, by any thread
     * @return (E) {@link CopyVerifier.Verdict#evidence}; 0 if an image cannot be read
     */
    public float[] evidence(int[] one, int[] other, IntConsumer done, Consumer<String> unreadable) {
        float[] evidence = new float[one.length];
        for (int from = 0; from < one.length; from += BLOCK) {
            int to = Math.min(one.length, from + BLOCK);
            Map<Integer, Optional<LocalFeatures>> ones = first.of(Arrays.copyOfRange(one, from, to), unreadable);
            Map<Integer, Optional<LocalFeatures>> others = second.of(Arrays.copyOfRange(other, from, to), unreadable);
            IntStream.range(from, to).parallel().forEach(e -> {
                Optional<LocalFeatures> a = ones.get(one[e]);
                Optional<LocalFeatures> b = others.get(other[e]);
                if (a.isPresent() && b.isPresent()) {
                    evidence[e] = (float) verifier.compare(a.get(), b.get()).evidence();
                }
            });
            done.accept(to);
        }
        return evidence;
    }
}
