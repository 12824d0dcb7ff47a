package io.dino4j.train.report;

import io.dino4j.data.image.Image;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.PatchPca;
import java.util.List;

/**
 * A few images and their patch features.
 *
 * @param images as the network saw them, one at least
 * @param features of each image
 */
public record PatchSamples(List<Image> images, List<PatchFeatures> features) {
    /** Checks that there are as many images as features. */
    public PatchSamples {
        if (features.isEmpty() || features.size() != images.size()) {
            throw new IllegalArgumentException("expected as many images as features, and one at least; got %d and %d"
                    .formatted(images.size(), features.size()));
        }
        images = List.copyOf(images);
        features = List.copyOf(features);
    }

    /**
     * The patches of each image coloured by the first three principal components over all of them, one pixel for each patch: equal colours
     * mean similar features, in one image or across them.
     */
    public List<Image> colors() {
        PatchPca pca = PatchPca.ofAllPatches(features);
        return features.stream().map(pca::colors).toList();
    }
}
