package io.dino4j.zoo.weights;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What names and shapes of a weight file tell of its backbone. The number of attention heads they do not tell.
 *
 * @param embedDim {@code D}, width of a token
 * @param depth number of blocks
 * @param patchSize pixels on a patch's side
 * @param ffn kind of feed-forward layer
 * @param hidden its hidden width
 * @param numRegisters register tokens, 0 or more
 * @param gridSize patches on a side of the trained position embedding
 */
public record BackboneShape(
        int embedDim, int depth, int patchSize, Ffn ffn, int hidden, int numRegisters, int gridSize) {
    /** Widths of the official models and of our tiny one, whose heads have 64 channels. */
    private static final Set<Integer> OFFICIAL_WIDTHS = Set.of(192, 384, 768, 1024, 1536);

    private static final int HEAD_WIDTH = 64;

    private static final String WIDENING = "blocks.0.mlp.w12.weight";
    private static final String NARROWING = "blocks.0.mlp.w3.weight";

    /** Of any dimension: beyond all models, and images of a patch times the grid's side still count in 32 bits. */
    private static final int LARGEST = 1 << 20;

    /** Hidden width over {@code D} of all official models. */
    private static final double MLP_RATIO = 4;

    /** Start value of layer-scale, which trained weights no longer need. */
    private static final double LAYER_SCALE = 1e-5;

    /**
     * Recognises a backbone.
     *
     * @param file for messages
     * @param names where its tensors are
     * @param tensors by the names of the file
     * @throws WeightsException naming the tensor that is missing or of an impossible shape
     */
    static BackboneShape of(Path file, NetworkNames names, Map<String, TensorInfo> tensors) {
        Finder find = new Finder(file, names, tensors);
        long[] patch = find.shape(NamingScheme.PATCHES, 4);
        int registers = find.has(NamingScheme.REGISTERS) ? (int) find.shape(NamingScheme.REGISTERS, 3)[1] : 0;
        long[] positions = find.shape(NamingScheme.POSITIONS, 3);
        boolean classHasNone = names.scheme() == NamingScheme.TIMM && registers > 0;
        long patches = classHasNone ? positions[1] : positions[1] - 1;
        long grid = Math.round(Math.sqrt(patches));
        if (patch[2] != patch[3] || grid * grid != patches || grid < 1) {
            throw new WeightsException(
                    "%s: patches and grid of a DINOv2 backbone are square, but there are patches of %d x %d pixels and %d positions"
                            .formatted(file, patch[2], patch[3], positions[1]));
        }
        int depth = 0;
        while (find.has("blocks.%d.norm1.weight".formatted(depth))) {
            depth++;
        }
        if (depth == 0) {
            throw new WeightsException("%s: holds no whole DINOv2 backbone: it has no blocks".formatted(file));
        }
        boolean gated = find.isGated();
        long hidden = gated ? find.shape(NARROWING, 2)[1] : find.shape("blocks.0.mlp.fc1.weight", 2)[0];
        return new BackboneShape(
                (int) patch[0], depth, (int) patch[2], gated ? Ffn.SWIGLU : Ffn.MLP, (int) hidden, registers, (int)
                        grid);
    }

    private record Finder(Path file, NetworkNames names, Map<String, TensorInfo> tensors) {
        boolean has(String name) {
            return names.sources()
                    .containsKey(SslConfig.BACKBONE + names.scheme().name(name));
        }

        /** Where both kinds of layer have the same names, the gated one is told by its first map having twice the rows. */
        boolean isGated() {
            String widening = names.scheme().name(WIDENING);
            boolean ownName = !widening.equals(names.scheme().name("blocks.0.mlp.fc1.weight"));
            return has(WIDENING) && (ownName || shape(WIDENING, 2)[0] == 2 * shape(NARROWING, 2)[1]);
        }

        long[] shape(String name, int rank) {
            String inFile = names.inFile(SslConfig.BACKBONE, names.scheme().name(name));
            TensorInfo t = tensors.get(inFile);
            if (t == null || t.shape().length != rank || t.length() == 0) {
                throw new WeightsException("%s: holds no whole DINOv2 backbone: '%s' is %s"
                        .formatted(file, inFile, t == null ? "missing" : "of another shape, " + t));
            }
            if (Arrays.stream(t.shape()).anyMatch(d -> d > LARGEST)) {
                throw new WeightsException("%s: %s is larger than any backbone's".formatted(file, t));
            }
            return t.shape();
        }
    }

    /** Attention heads, 64 channels each, if the width is an official one. */
    OptionalInt officialHeads() {
        return OFFICIAL_WIDTHS.contains(embedDim) ? OptionalInt.of(embedDim / HEAD_WIDTH) : OptionalInt.empty();
    }

    /**
     * The configuration, with the interpolation of the released models: with registers antialiased and without offset.
     *
     * @throws IllegalArgumentException if no backbone has these sizes and as many heads
     */
    VitConfig config(int heads) {
        VitConfig plain = new VitConfig(
                gridSize * patchSize, patchSize, embedDim, depth, heads, mlpRatio(), ffn, 0, LAYER_SCALE, 0.1, false);
        if (plain.hidden() != hidden) {
            throw new IllegalArgumentException(
                    "the hidden width of a gated layer is a multiple of 8, but here it is " + hidden);
        }
        return numRegisters == 0 ? plain : plain.withRegisters(numRegisters);
    }

    /** Number of parameters of the backbone. */
    public long parameters() {
        return ParameterLayout.of(config(1).parameters()).length();
    }

    /** Its name, such as {@code ViT-S/14, 4 registers}; of other sizes {@code ViT/14 of width 48 with 2 blocks}. */
    public String title() {
        Optional<String> letter = Stream.of(Size.values())
                .filter(s -> s.dim == embedDim && s.depth == depth)
                .map(s -> s.letter)
                .findFirst();
        return "ViT%s/%d%s%s%s"
                .formatted(
                        letter.map(l -> "-" + l).orElse(""),
                        patchSize,
                        letter.isPresent() ? "" : " of width %d with %d blocks".formatted(embedDim, depth),
                        ffn == Ffn.SWIGLU ? ", SwiGLU" : "",
                        numRegisters == 0 ? "" : ", %d registers".formatted(numRegisters));
    }

    /** The sizes that have names (paper Table 17, and our tiny one). */
    private enum Size {
        TINY("Ti", VitConfig.tiny14()),
        SMALL("S", VitConfig.small14()),
        BASE("B", VitConfig.base14()),
        LARGE("L", VitConfig.large14()),
        GIANT("g", VitConfig.giant14());

        private final String letter;
        private final int dim;
        private final int depth;

        Size(String letter, VitConfig c) {
            this.letter = letter;
            dim = c.embedDim();
            depth = c.depth();
        }
    }

    /** What weights of this configuration tell. */
    static BackboneShape of(VitConfig c) {
        return new BackboneShape(
                c.embedDim(), c.depth(), c.patchSize(), c.ffn(), c.hidden(), c.numRegisters(), c.gridSize());
    }

    private double mlpRatio() {
        if (ffn.hidden(embedDim, MLP_RATIO) == hidden) {
            return MLP_RATIO;
        }
        double ratio = (hidden + 0.5) / embedDim; // the half keeps rounding from taking one away
        return ffn == Ffn.MLP ? ratio : ratio * 3 / 2;
    }

    /**
     * Refuses to load into another architecture, in words rather than as a list of tensors.
     *
     * @throws WeightsException naming every size that differs; the grid may
     */
    void requireFits(Path file, VitConfig c) {
        BackboneShape wanted = of(c.withImageSize(gridSize * c.patchSize()));
        if (!equals(wanted)) {
            throw new WeightsException("%s: holds %s, but wanted is %s; choose a preset, or student.* keys, that fit"
                    .formatted(file, this, wanted));
        }
    }

    /** Such as {@code a ViT of width 384 with 12 blocks, MLP of 1536, patches of 14 pixels, 0 registers}. */
    @Override
    public String toString() {
        return "a ViT of width %d with %d blocks, %s of %d, patches of %d pixels, %d registers"
                .formatted(embedDim, depth, ffn, hidden, patchSize, numRegisters);
    }
}
