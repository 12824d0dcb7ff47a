package io.dino4j.graph.vit;

import io.dino4j.graph.op.Attention.Sequences;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Stochastic depth by batch subset (paper section 5; official {@code drop_add_residual_stochastic_depth_list}): each residual branch is
 * evaluated on {@code max(int(B_g (1 - rate)), 1)} images of every group, drawn anew in each step, and its result is scaled by
 * {@code B_g / kept}.
 *
 * @param branches the branches that drop images, in the order of the graph
 */
public record DropPath(List<Branch> branches) {
    /** No branch drops anything. */
    public static final DropPath NONE = new DropPath(List.of());

    /**
     * One residual branch.
     *
     * @param block number of the block, from 0
     * @param attention true for the attention branch, false for the feed-forward branch
     * @param placeholder name of the INT32 placeholder {@code [rows]} with the rows to keep, see {@link #rows}
     * @param groups the sequences of the whole pass
     * @param kept how many of each group are kept
     */
    public record Branch(int block, boolean attention, String placeholder, List<Sequences> groups, int[] kept) {
        /** Number of rows that are kept: all tokens of the kept images. */
        public int numRows() {
            int n = 0;
            for (int g = 0; g < kept.length; g++) {
                n += kept[g] * groups.get(g).length();
            }
            return n;
        }

        /** The rows of images chosen at random. */
        public int[] draw(RandomGenerator random) {
            List<int[]> images = new ArrayList<>();
            for (int g = 0; g < kept.length; g++) {
                images.add(choose(kept[g], groups.get(g).count(), random));
            }
            return rows(images);
        }

        /** {@code k} different numbers below {@code n}: the start of a Fisher-Yates shuffle. */
        private static int[] choose(int k, int n, RandomGenerator random) {
            int[] all = new int[n];
            for (int i = 0; i < n; i++) {
                all[i] = i;
            }
            int[] chosen = new int[k];
            for (int i = 0; i < k; i++) {
                int j = i + random.nextInt(n - i);
                chosen[i] = all[j];
                all[j] = all[i];
            }
            return chosen;
        }

        /**
         * The rows of the kept images.
         *
         * @param images for every group {@code kept} different numbers from 0 to {@code B_g - 1}
         */
        public int[] rows(List<int[]> images) {
            int[] rows = new int[numRows()];
            int at = 0;
            int first = 0;
            for (int g = 0; g < kept.length; g++) {
                int length = groups.get(g).length();
                if (images.get(g).length != kept[g]) {
                    throw new IllegalArgumentException("%s keeps %d images of group %d, got %d"
                            .formatted(placeholder, kept[g], g, images.get(g).length));
                }
                for (int image : images.get(g)) {
                    for (int t = 0; t < length; t++) {
                        rows[at++] = first + image * length + t;
                    }
                }
                first += groups.get(g).count() * length;
            }
            return rows;
        }
    }

    /** A branch per residual branch of {@code depth} blocks. */
    static DropPath of(int depth, double rate, boolean uniform, List<Sequences> groups) {
        List<Branch> branches = new ArrayList<>();
        for (int block = 0; block < depth; block++) {
            double r = uniform || depth == 1 ? rate : rate * block / (depth - 1);
            if (r <= 0) {
                continue;
            }
            int[] kept = groups.stream()
                    .mapToInt(g -> Math.max((int) (g.count() * (1 - r)), 1))
                    .toArray();
            for (boolean attention : new boolean[] {true, false}) {
                String name = "drop_path." + block + (attention ? ".attn" : ".ffn");
                branches.add(new Branch(block, attention, name, groups, kept));
            }
        }
        return new DropPath(branches);
    }

    Branch find(int block, boolean attention) {
        return branches.stream()
                .filter(b -> b.block == block && b.attention == attention)
                .findFirst()
                .orElse(null);
    }
}
