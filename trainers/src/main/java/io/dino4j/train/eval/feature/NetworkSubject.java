package io.dino4j.train.eval.feature;

import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.KeepAspect;
import io.dino4j.data.image.Preprocessing;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.feature.Extraction;
import io.dino4j.zoo.feature.NetworkEmbedder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A backbone with its weights, trained or not. */
public final class NetworkSubject implements Subject {
    private final String title;
    private final Dinov2 model;
    private final String weights;
    private final Map<FeatureKind, NetworkEmbedder> embedders = new LinkedHashMap<>();

    private NetworkSubject(String title, Dinov2 model, String weights) {
        this.title = title;
        this.model = model;
        this.weights = weights;
    }

    /**
     * A backbone to evaluate.
     *
     * @param title its name in tables
     * @param model closed with this
     */
    public static NetworkSubject of(String title, Dinov2 model) {
        return new NetworkSubject(title, model, Fingerprints.ofWeights(model.weights()));
    }

    /** The network. */
    public Dinov2 model() {
        return model;
    }

    /** Number of blocks. */
    public int depth() {
        return model.config().depth();
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public NetworkSubject titled(String other) {
        return new NetworkSubject(other, model, weights);
    }

    @Override
    public String fingerprint() {
        VitConfig c = model.config();
        return Fingerprints.ofTexts(List.of(
                weights,
                "%d pixels, %d heads, %s, offset %s, antialias %s"
                        .formatted(
                                c.imageSize(), c.numHeads(), c.ffn(), c.interpolateOffset(), c.interpolateAntialias()),
                model.preprocessing().toString()));
    }

    @Override
    public String computation() {
        return model.options().precision() + " "
                + model.options().kernels().stream().map(KernelProvider::name).collect(Collectors.joining(","));
    }

    @Override
    public int dimension(FeatureKind kind) {
        kind.blocksOf(depth());
        return kind.dimension(model.dimension());
    }

    @Override
    public int patchSize() {
        return model.config().patchSize();
    }

    @Override
    public Preprocessing preprocessing(FeatureKind kind) {
        return model.preprocessing();
    }

    @Override
    public NetworkSubject with(Preprocessing preprocessing) {
        return new NetworkSubject(title, model.with(preprocessing), weights);
    }

    @Override
    public boolean needsCentering() {
        return false;
    }

    @Override
    public List<float[]> features(List<Image> images, FeatureKind kind) {
        return Arrays.asList(embedders
                .computeIfAbsent(kind, k -> new NetworkEmbedder(model, k, batch()))
                .embed(images));
    }

    /** Images in a pass that make good use of a processor. */
    private int batch() {
        int side = side(model.preprocessing());
        return Extraction.usualBatch(model.config().numTokens(side, side));
    }

    private static int side(Preprocessing preprocessing) {
        return preprocessing instanceof EvalTransform e ? e.crop() : ((KeepAspect) preprocessing).shortSide();
    }

    @Override
    public void close() {
        model.close();
    }
}
