package io.dino4j.train.eval.dense;

import io.dino4j.data.Progress;
import io.dino4j.train.eval.dense.DenseFeatures.Truth;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.Subject;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** Heads of depth, each trained once however many sets they are tried on. It serves one thread. */
public final class DepthTraining {
    private final DepthSet train;
    private final DepthBins bins;
    private final DenseSettings settings;
    private final Map<String, LinearHead> heads = new HashMap<>();

    /**
     * Says what is learnt from.
     *
     * @param train photos and their depth
     * @param bins the range of depth; pixels beyond count neither here nor in scores
     */
    public DepthTraining(DepthSet train, DepthBins bins, DenseSettings settings) {
        this.train = train;
        this.bins = bins;
        this.settings = settings;
    }

    DepthSet train() {
        return train;
    }

    DepthBins bins() {
        return bins;
    }

    DenseSettings settings() {
        return settings;
    }

    /** The features that heads take. */
    DenseFeatures features(Subject subject, DepthVariant variant) {
        return new DenseFeatures(subject, DepthVariant.kind(subject), variant.layers(), settings);
    }

    LinearHead head(
            Subject subject, DepthVariant variant, DenseFeatures features, FeatureCache cache, Progress progress)
            throws IOException {
        String key = variant + " " + subject.fingerprint();
        if (!heads.containsKey(key)) {
            FeaturePoints points = features.points(
                    train.files(),
                    i -> new Truth(train.files().header(i).width(), train.depth(i, bins.most())),
                    cache,
                    progress);
            heads.put(key, HeadFit.fit(points, new DepthLoss(bins), settings, progress));
        }
        return heads.get(key);
    }
}
