package io.dino4j.graph.vit;

import java.util.List;

/** What follows from the official name of a backbone's parameter (official {@code utils/param_groups.py}). */
public final class ParameterRules {
    private static final String BLOCKS = "blocks.";
    private static final List<String> EMBEDDINGS =
            List.of("pos_embed", "patch_embed", "mask_token", "cls_token", "register_tokens");

    private ParameterRules() {}

    /**
     * Number of the layer for layer-wise decay: 0 for embeddings and special tokens, {@code b + 1} for block {@code b}, and
     * {@code depth + 1} for everything behind the blocks.
     *
     * @param name official name without prefix
     * @param depth number of blocks
     */
    public static int layer(String name, int depth) {
        if (EMBEDDINGS.stream().anyMatch(name::startsWith)) {
            return 0;
        }
        int block = block(name);
        return block < 0 ? depth + 1 : block + 1;
    }

    /**
     * Number of the block, -1 for a parameter outside the blocks.
     *
     * @param name official name without prefix; of two numbers, {@code blocks.<chunk>.<block>}, the second counts
     */
    public static int block(String name) {
        if (!name.startsWith(BLOCKS)) {
            return -1;
        }
        String[] parts = name.substring(BLOCKS.length()).split("\\.");
        boolean chunked = parts.length > 1 && parts[1].chars().allMatch(Character::isDigit);
        return Integer.parseInt(parts[chunked ? 1 : 0]);
    }

    /** True if weight decay applies: not to biases, norms and layer-scale, but to positions and special tokens. */
    public static boolean isDecayed(String name) {
        return !name.endsWith(".bias") && !name.contains("norm") && !name.contains("gamma");
    }
}
