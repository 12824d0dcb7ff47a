package io.dino4j.zoo;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.PlanOptions;
import io.dino4j.graph.exec.WorkingMemory;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.WeightVersion;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.FeatureKind.Pooling;
import io.dino4j.zoo.FeaturePass.Group;
import io.dino4j.zoo.FeaturePass.Shape;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A frozen backbone: normalised images in, features out. It reads the weights it was given where they are, so that the features follow
 * weights that are being trained. It serves one thread at a time. Graphs are compiled for sizes of batch and image; the last few are kept.
 */
public final class FeatureExtractor implements AutoCloseable {
    private static final int MOST_PASSES = 64;

    /** A pass that comes again so often is worth a copy of the weights in the layout of the hardware. */
    private static final int WORTH_PACKING = 4;

    /** All these copies together, one at least. */
    private static final long MOST_PACKED_BYTES = 2L << 30;

    /** Memory of closed passes at which the collector is asked to come: it frees that memory, but does not see how much it is. */
    private static final long MOST_CLOSED_BYTES = 1L << 29;

    private final VitConfig config;
    private final Map<String, INDArray> weights;
    private final Optional<WeightVersion> version;
    private final Precision precision;
    private final List<KernelProvider> providers;
    private final WorkingMemory memory = new WorkingMemory();
    private final Map<Shape, Compiled> passes = new LinkedHashMap<>(MOST_PASSES, 0.75f, true);
    private final long weightBytes;
    private long closedBytes;

    /**
     * A backbone with given weights.
     *
     * @param config shape of the backbone
     * @param weights official names without prefix to FLOAT arrays, contiguous in C order
     * @param providers who computes the ops, the first that can
     */
    public FeatureExtractor(VitConfig config, Map<String, INDArray> weights, List<KernelProvider> providers) {
        this(config, weights, Optional.empty(), Precision.F32, providers);
    }

    /**
     * A backbone whose owner says when weights change, so that their packed copies are kept until then.
     *
     * @param config shape of the backbone
     * @param weights official names without prefix to FLOAT arrays, contiguous in C order
     * @param version the owner's word; empty if weights may change before every batch
     * @param precision what tokens are stored in; features are FLOAT all the same
     * @param providers who computes the ops, the first that can
     */
    public FeatureExtractor(
            VitConfig config,
            Map<String, INDArray> weights,
            Optional<WeightVersion> version,
            Precision precision,
            List<KernelProvider> providers) {
        GraphOps.register();
        config.parameters().keySet().forEach(name -> {
            if (!weights.containsKey(name)) {
                throw new IllegalArgumentException("the weights lack '%s'".formatted(name));
            }
        });
        this.config = config;
        this.weights = Map.copyOf(weights);
        this.version = version;
        this.precision = precision;
        this.providers = List.copyOf(providers);
        weightBytes = weights.values().stream()
                .mapToLong(w -> w.length() * w.dataType().width())
                .sum();
    }

    /** Width of a token, {@code D}. */
    public int dimension() {
        return config.embedDim();
    }

    /**
     * The cls tokens of a batch after the final norm.
     *
     * @param images {@code [B, 3, H, W]} FLOAT, normalised; sides are multiples of the patch size
     * @return {@code [B, D]} FLOAT, the caller's own
     */
    public INDArray cls(INDArray images) {
        return Nd4j.createFromArray(features(List.of(images), FeatureKind.cls()).toArray(float[][]::new));
    }

    /**
     * The patch tokens of a batch after the final norm.
     *
     * @param images {@code [B, 3, H, W]} FLOAT, normalised; sides are multiples of the patch size
     * @return {@code [B, n, D]} FLOAT, patches row by row, the caller's own
     */
    public INDArray patches(INDArray images) {
        float[][] rows = patchFeatures(List.of(images)).stream()
                .map(PatchFeatures::patches)
                .toArray(float[][]::new);
        return Nd4j.createFromArray(rows).reshape(rows.length, rows[0].length / dimension(), dimension());
    }

    /**
     * Grids of patch tokens, and cls tokens, of images of several sizes in one pass without padding: the same as in passes of their own.
     *
     * @param groups {@code [B_g, 3, H_g, W_g]} FLOAT, normalised; sides are multiples of the patch size
     * @return one for each image, in order
     */
    public List<PatchFeatures> patchFeatures(List<INDArray> groups) {
        FeaturePass pass = run(groups, new FeatureKind(Pooling.PATCHES, 1));
        List<PatchFeatures> all = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            Group size = Group.of(groups.get(g));
            int h = size.height() / config.patchSize();
            int w = size.width() / config.patchSize();
            for (int i = 0; i < size.count(); i++) {
                float[] cls = new float[dimension()];
                float[] patches = new float[h * w * dimension()];
                pass.cls(0, g, i, all.size(), cls, 0);
                for (int p = 0; p < h * w; p++) {
                    pass.patch(0, g, i, p, patches, p * dimension());
                }
                all.add(new PatchFeatures(h, w, dimension(), cls, patches));
            }
        }
        return all;
    }

    /**
     * Features of images of several sizes in one pass without padding: the same as in passes of their own.
     *
     * @param groups {@code [B_g, 3, H_g, W_g]} FLOAT, normalised; sides are multiples of the patch size
     * @param kind what is wanted
     * @return one array for each image, in order, see {@link Pooling}
     * @throws IllegalArgumentException if more layers are wanted than there are blocks, or images do not split into patches
     */
    public List<float[]> features(List<INDArray> groups, FeatureKind kind) {
        FeaturePass pass = run(groups, kind);
        List<float[]> all = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            Group size = Group.of(groups.get(g));
            int n = (size.height() / config.patchSize()) * (size.width() / config.patchSize());
            for (int i = 0; i < size.count(); i++) {
                all.add(features(pass, kind, g, i, all.size(), n));
            }
        }
        return all;
    }

    private float[] features(FeaturePass pass, FeatureKind kind, int group, int image, int number, int patches) {
        int d = dimension();
        int n = kind.layers();
        int rows =
                switch (kind.pooling()) {
                    case CLS, MEAN, CLS_MEAN -> 1;
                    case PATCHES -> patches;
                    case TOKENS -> 1 + patches;
                };
        float[] out = new float[kind.dimension(d) * rows];
        switch (kind.pooling()) {
            case CLS -> cls(pass, n, group, image, number, out);
            case MEAN -> {
                for (int l = 0; l < n; l++) {
                    mean(pass, l, group, image, patches, out, l * d);
                }
            }
            case CLS_MEAN -> {
                cls(pass, n, group, image, number, out);
                mean(pass, n - 1, group, image, patches, out, n * d);
            }
            case PATCHES -> patches(pass, n, group, image, patches, out, 0);
            case TOKENS -> {
                cls(pass, n, group, image, number, out);
                patches(pass, n, group, image, patches, out, n * d);
            }
        }
        return out;
    }

    private void cls(FeaturePass pass, int layers, int group, int image, int number, float[] out) {
        for (int l = 0; l < layers; l++) {
            pass.cls(l, group, image, number, out, l * dimension());
        }
    }

    private void patches(FeaturePass pass, int n, int group, int image, int patches, float[] out, int at) {
        int d = dimension();
        for (int p = 0; p < patches; p++) {
            for (int l = 0; l < n; l++) {
                pass.patch(l, group, image, p, out, at + (p * n + l) * d);
            }
        }
    }

    private void mean(FeaturePass pass, int layer, int group, int image, int patches, float[] out, int at) {
        int d = dimension();
        float[] token = new float[d];
        double[] sum = new double[d];
        for (int p = 0; p < patches; p++) {
            pass.patch(layer, group, image, p, token, 0);
            for (int i = 0; i < d; i++) {
                sum[i] += token[i];
            }
        }
        for (int i = 0; i < d; i++) {
            out[at + i] = (float) (sum[i] / patches);
        }
    }

    private FeaturePass run(List<INDArray> groups, FeatureKind kind) {
        List<Integer> blocks = kind.blocksOf(config.depth());
        int p = config.patchSize();
        List<Group> sizes = groups.stream().map(Group::of).toList();
        for (Group g : sizes) {
            if (g.height() % p != 0 || g.width() % p != 0) {
                throw new IllegalArgumentException(
                        "images of %d x %d pixels do not split into patches of %d".formatted(g.height(), g.width(), p));
            }
        }
        boolean clsOnly = !kind.readsPatches() && blocks.get(blocks.size() - 1) == config.depth() - 1;
        FeaturePass pass = pass(new Shape(sizes, blocks, kind.norm(), clsOnly));
        pass.run(groups);
        return pass;
    }

    private FeaturePass pass(Shape shape) {
        Compiled known = passes.get(shape);
        if (known != null && (known.packed || ++known.uses < WORTH_PACKING || !mayPack())) {
            return known.pass;
        }
        if (known != null) {
            retire(known);
        }
        while (known == null && passes.size() >= MOST_PASSES) {
            Iterator<Compiled> eldest = passes.values().iterator();
            retire(eldest.next());
            eldest.remove();
        }
        boolean packed = known != null;
        PlanOptions options = new PlanOptions(providers, Collective.ALONE).workingIn(memory);
        Bindings bindings = new Bindings(weights, Map.of(), packed ? version : Optional.empty());
        Compiled made = new Compiled(FeaturePass.compile(shape, config, precision, bindings, options), packed);
        passes.put(shape, made);
        return made.pass;
    }

    private void retire(Compiled old) {
        closedBytes += old.pass.bytes();
        old.pass.close();
        if (closedBytes > MOST_CLOSED_BYTES) {
            closedBytes = 0;
            System.gc();
        }
    }

    private boolean mayPack() {
        long packed = passes.values().stream().filter(c -> c.packed).count();
        return version.isPresent() && (packed == 0 || (packed + 1) * weightBytes <= MOST_PACKED_BYTES);
    }

    private static final class Compiled {
        final FeaturePass pass;
        final boolean packed;
        int uses;

        Compiled(FeaturePass pass, boolean packed) {
            this.pass = pass;
            this.packed = packed;
        }
    }

    /**
     * Bytes of the intermediate arrays for square images, found without taking them; kernels need scratch memory beside.
     *
     * @param precision what tokens are stored in
     * @param images in a batch
     * @param size pixels on a side, a multiple of the patch size
     */
    public static long bytes(VitConfig config, Precision precision, int images, int size) {
        GraphOps.register();
        Shape shape = new Shape(List.of(new Group(images, size, size)), List.of(config.depth() - 1), true, false);
        SameDiff sd = BoundGraph.create();
        FeaturePass.build(sd, shape, config, precision);
        return Plan.measure(sd, FeaturePass.outputs(shape), Map.of(), Set.of(), List.of())
                .arenaBytes();
    }

    @Override
    public void close() {
        passes.values().forEach(c -> c.pass.close());
        passes.clear();
    }
}
