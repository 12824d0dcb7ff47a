package io.dino4j.train.optim;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.ParameterRules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which multipliers each parameter has (upstream utils/param_groups.py).
 * <ul>
 *   <li>Learning rate: {@code decay^(N+1−i)} in the backbone, {@code i = 0} for embeddings and special tokens,
 *       {@code b+1} for block b of N, {@code N+1} for the final norm; the patch embedding has a further factor; heads 1.
 *   <li>Weight decay: 0 for biases, norms and layer-scale gammas, else 1. Special tokens and {@code weight_g} do decay.
 *   <li>Parameters with {@code last_layer} in their name follow the learning rate of the prototypes.
 * </ul>
 * Block names may carry upstream's chunk number, {@code blocks.<chunk>.<block>}.
 */
public final class ParameterGroups {
    private static final String BACKBONE = SslConfig.BACKBONE;

    /**
     * One parameter's multipliers.
     *
     * @param name official name, sub-network first
     * @param lrMultiplier factor on the learning rate
     * @param wdMultiplier factor on the weight decay, 0 or 1
     * @param lastLayer true for the prototypes
     * @param fusedGroup number of its group: those of a sub-network with equal multipliers, by first appearance
     */
    public record Group(String name, double lrMultiplier, double wdMultiplier, boolean lastLayer, int fusedGroup) {}

    /**
     * Neighbours in the flat vector that share sub-network and multipliers.
     *
     * @param from first element
     * @param to one past the last
     * @param subNetwork index in {@link #subNetworks()}
     * @param lrMultiplier factor on the learning rate
     * @param wdMultiplier factor on the weight decay
     * @param lastLayer true for the prototypes
     */
    public record Range(
            long from, long to, int subNetwork, double lrMultiplier, double wdMultiplier, boolean lastLayer) {
        private boolean continues(Range before) {
            return before.to == from
                    && before.subNetwork == subNetwork
                    && before.lrMultiplier == lrMultiplier
                    && before.wdMultiplier == wdMultiplier
                    && before.lastLayer == lastLayer;
        }
    }

    private record Key(String subNetwork, double lrMultiplier, double wdMultiplier, boolean lastLayer) {}

    private final ParameterLayout layout;
    private final List<Group> groups;
    private final List<Range> ranges;
    private final List<String> subNetworks;

    private ParameterGroups(ParameterLayout layout, List<Group> groups, List<Range> ranges, List<String> subNetworks) {
        this.layout = layout;
        this.groups = List.copyOf(groups);
        this.ranges = List.copyOf(ranges);
        this.subNetworks = List.copyOf(subNetworks);
    }

    /**
     * The groups of a layout; the number of blocks is read from its names.
     *
     * @param layout names start with the sub-network, such as {@code backbone.} or {@code dino_head.}
     * @param layerwiseDecay learning-rate factor from a block to the one before it
     * @param patchEmbedLrMult further factor of the patch embedding
     */
    public static ParameterGroups of(ParameterLayout layout, double layerwiseDecay, double patchEmbedLrMult) {
        int depth =
                layout.names().stream().mapToInt(ParameterGroups::block).max().orElse(-1) + 1;
        List<Group> groups = new ArrayList<>();
        List<Range> ranges = new ArrayList<>();
        List<String> subNetworks = new ArrayList<>();
        Map<Key, Integer> fused = new LinkedHashMap<>();
        for (ParameterLayout.Entry e : layout.entries()) {
            String name = e.name();
            String subNetwork = subNetwork(name);
            if (!subNetworks.contains(subNetwork)) {
                subNetworks.add(subNetwork);
            }
            double lr = Math.pow(layerwiseDecay, depth + 1.0 - layer(name, depth));
            if (name.contains("patch_embed")) {
                lr *= patchEmbedLrMult;
            }
            Key key = new Key(subNetwork, lr, ParameterRules.isDecayed(name) ? 1 : 0, name.contains("last_layer"));
            int group = fused.computeIfAbsent(key, k -> fused.size());
            groups.add(new Group(name, lr, key.wdMultiplier(), key.lastLayer(), group));
            Range range = new Range(
                    e.offset(),
                    e.offset() + e.length(),
                    subNetworks.indexOf(subNetwork),
                    lr,
                    key.wdMultiplier(),
                    key.lastLayer());
            append(ranges, range);
        }
        return new ParameterGroups(layout, groups, ranges, subNetworks);
    }

    private static void append(List<Range> ranges, Range range) {
        int last = ranges.size() - 1;
        if (last >= 0 && range.continues(ranges.get(last))) {
            Range before = ranges.get(last);
            ranges.set(
                    last,
                    new Range(
                            before.from,
                            range.to,
                            range.subNetwork,
                            range.lrMultiplier,
                            range.wdMultiplier,
                            range.lastLayer));
        } else {
            ranges.add(range);
        }
    }

    /**
     * The same for a range of the vector, counted from its own beginning. Sub-networks keep their numbers, those that have nothing in the
     * range too; what is left of a parameter has one dimension.
     *
     * @param shard one of {@link Shards#of} these groups
     * @throws IllegalArgumentException if the range does not lie in the vector
     */
    public ParameterGroups part(Shard shard) {
        if (shard.to() > layout.length()) {
            throw new IllegalArgumentException(
                    "%d to %d is no range of a vector of %d".formatted(shard.from(), shard.to(), layout.length()));
        }
        Map<String, long[]> shapes = new LinkedHashMap<>();
        List<Group> inside = new ArrayList<>();
        List<ParameterLayout.Entry> entries = layout.entries();
        for (int i = 0; i < entries.size(); i++) {
            ParameterLayout.Entry e = entries.get(i);
            long length = Math.min(shard.to(), e.offset() + e.length()) - Math.max(shard.from(), e.offset());
            if (length > 0) {
                shapes.put(e.name(), new long[] {length});
                inside.add(groups.get(i));
            }
        }
        List<Range> cut = new ArrayList<>();
        for (Range r : ranges) {
            long from = Math.max(shard.from(), r.from) - shard.from();
            long to = Math.min(shard.to(), r.to) - shard.from();
            if (from < to) {
                cut.add(new Range(from, to, r.subNetwork, r.lrMultiplier, r.wdMultiplier, r.lastLayer));
            }
        }
        return new ParameterGroups(ParameterLayout.of(shapes), inside, cut, subNetworks);
    }

    /** The layout these groups describe. */
    public ParameterLayout layout() {
        return layout;
    }

    /** One entry per parameter, in the order of the layout. */
    public List<Group> groups() {
        return groups;
    }

    /** The flat vector, cut where multipliers or sub-network change; complete and in order. */
    public List<Range> ranges() {
        return ranges;
    }

    /** Those of the {@link #ranges} that are not of a sub-network. */
    public List<Range> rangesOutside(String subNetwork) {
        int left = subNetworks.indexOf(subNetwork);
        return ranges.stream().filter(r -> r.subNetwork() != left).toList();
    }

    /** First parts of the names, by first appearance. */
    public List<String> subNetworks() {
        return subNetworks;
    }

    private static String subNetwork(String name) {
        int dot = name.indexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }

    private static int layer(String name, int depth) {
        return name.startsWith(BACKBONE) ? ParameterRules.layer(name.substring(BACKBONE.length()), depth) : depth + 1;
    }

    private static int block(String name) {
        return name.startsWith(BACKBONE) ? ParameterRules.block(name.substring(BACKBONE.length())) : -1;
    }
}
