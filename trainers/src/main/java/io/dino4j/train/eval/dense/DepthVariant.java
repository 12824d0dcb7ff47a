package io.dino4j.train.eval.dense;

import io.dino4j.train.eval.feature.NetworkSubject;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.util.List;
import java.util.stream.IntStream;

/** The two linear heads of depth (paper section 7.4). */
public enum DepthVariant {
    /** Patch tokens of the last block, each beside the cls token. */
    LINEAR("depth, linear", 1),
    /** The same of four blocks spread over the network. */
    FOUR_LAYERS("depth, 4 layers", 4);

    private static final int LARGE = 24;

    private final String title;
    private final int layers;

    DepthVariant(String title, int layers) {
        this.title = title;
        this.layers = layers;
    }

    /** Name in tables. */
    public String title() {
        return title;
    }

    /** Number of blocks. */
    public int layers() {
        return layers;
    }

    /**
     * The blocks of {@link #FOUR_LAYERS}, from 0: the official ones for 12, 24 and 40 blocks, as evenly spaced ones for others; all of fewer than
     * four.
     *
     * @param depth blocks of the network
     */
    public static List<Integer> blocks(int depth) {
        if (depth == LARGE) {
            return List.of(4, 11, 17, 23); // not quite even, in the official configurations
        }
        int n = Math.min(4, depth);
        return IntStream.rangeClosed(1, n).mapToObj(i -> i * depth / n - 1).toList();
    }

    /** Tokens without the final norm, as the official heads take them; kept for both variants. */
    static FeatureKind kind(Subject subject) {
        return subject instanceof NetworkSubject n
                ? FeatureKind.ofBlocks(Pooling.TOKENS, blocks(n.depth()), false)
                : new FeatureKind(Pooling.TOKENS, 1);
    }
}
