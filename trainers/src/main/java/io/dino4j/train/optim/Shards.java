package io.dino4j.train.optim;

import java.util.ArrayList;
import java.util.List;

/**
 * How a flat vector is dealt to servers: ranges as equal as they can be whose boundaries are boundaries of {@link Blocks}. Then every block
 * is summed and updated as in one piece, and results are the same bits for any number of servers.
 */
public final class Shards {
    private Shards() {}

    /**
     * The ranges of all servers.
     *
     * @param groups the layout and its multipliers
     * @param shards servers, at least 1
     * @return complete and in order
     * @throws IllegalArgumentException if there are more servers than blocks
     */
    public static List<Shard> of(ParameterGroups groups, int shards) {
        Blocks blocks = new Blocks(groups.ranges());
        if (shards < 1 || shards > blocks.count()) {
            throw new IllegalArgumentException("a model of %d parameters can be dealt to 1 to %d servers, not to %d"
                    .formatted(groups.layout().length(), blocks.count(), shards));
        }
        long length = groups.layout().length();
        List<Shard> all = new ArrayList<>();
        int block = 0;
        long from = 0;
        for (int i = 1; i < shards; i++) {
            long wanted = length / shards * i + length % shards * i / shards;
            block++; // nobody goes without a block, neither here nor further on
            while (block < blocks.count() - (shards - i) && isNearer(blocks, block, wanted)) {
                block++;
            }
            all.add(new Shard(from, blocks.from(block)));
            from = blocks.from(block);
        }
        all.add(new Shard(from, length));
        return List.copyOf(all);
    }

    /** True if the block after this one begins nearer to a place than this one does. */
    private static boolean isNearer(Blocks blocks, int block, long wanted) {
        return Math.abs(blocks.from(block + 1) - wanted) < Math.abs(blocks.from(block) - wanted);
    }
}
