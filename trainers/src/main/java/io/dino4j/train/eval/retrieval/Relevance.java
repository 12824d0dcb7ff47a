package io.dino4j.train.eval.retrieval;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What there is to find for one query, as positions in the database. Everything else is wrong.
 *
 * @param positives that show the same
 * @param junk that count neither for nor against, as if they were not in the database
 */
public record Relevance(int[] positives, int[] junk) {
    /**
     * Checks that no image is both, nor twice.
     *
     * @throws IllegalArgumentException naming the position
     */
    public Relevance {
        Set<Integer> seen = new HashSet<>();
        for (int i :
                IntStream.concat(IntStream.of(positives), IntStream.of(junk)).toArray()) {
            if (!seen.add(i)) {
                throw new IllegalArgumentException("image %d is listed twice among what is right or junk".formatted(i));
            }
        }
    }

    boolean isAnswerable() {
        return positives.length > 0;
    }
}
