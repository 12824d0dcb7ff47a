package io.dino4j.train;

import io.dino4j.data.crop.Worker;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.train.config.RunConfig;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The ranks of a step that one trainer works out, one after another in number. A rank has the same images, crops, masks and dropped branches
 * whoever works it out.
 *
 * @param first the lowest, from 0
 * @param count how many, at least 1
 * @param world how many there are in all
 */
public record Ranks(int first, int count, int world) {
    /** Checks the numbers. */
    public Ranks {
        if (first < 0 || count < 1 || first + count > world) {
            throw new IllegalArgumentException(
                    "there are no %d ranks from %d on among %d".formatted(count, first, world));
        }
    }

    /** Every rank of a step. */
    public static Ranks all(RunConfig config) {
        return new Ranks(0, config.train().worldSize(), config.train().worldSize());
    }

    /** What the graphs need to know. */
    SslConfig.Share share() {
        return new SslConfig.Share(count, world);
    }

    /** Whose batches are to be loaded. */
    List<Worker> workers() {
        return IntStream.range(first, first + count)
                .mapToObj(r -> new Worker(r, world))
                .toList();
    }
}
