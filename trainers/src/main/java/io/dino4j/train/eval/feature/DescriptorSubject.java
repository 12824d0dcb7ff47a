package io.dino4j.train.eval.feature;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.curation.copy.CopyDescriptor;
import io.dino4j.data.file.Sha256;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Preprocessing;
import io.dino4j.data.source.ImageSource;
import io.dino4j.zoo.FeatureKind;
import java.util.Arrays;
import java.util.List;

/**
 * The descriptor without a network that {@code curate embed --copies} uses: what altered copies of a picture have in common. It takes images
 * as they are, of any size.
 */
public final class DescriptorSubject implements Subject {
    private final String title;
    private final CopyDescriptor descriptor;
    private final String fingerprint;

    private DescriptorSubject(String title, CopyDescriptor descriptor, String fingerprint) {
        this.title = title;
        this.descriptor = descriptor;
        this.fingerprint = fingerprint;
    }

    /**
     * A descriptor learnt from images, best those that are searched.
     *
     * @param images of which 1,024 at most are read
     */
    public static DescriptorSubject learn(ImageSource images, Progress progress) {
        CopyDescriptor descriptor = CopyDescriptor.learn(images, new Seed(0).derive("copies"), progress);
        return new DescriptorSubject("classic descriptor", descriptor, Sha256.of(descriptor.bytes()));
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public DescriptorSubject titled(String other) {
        return new DescriptorSubject(other, descriptor, fingerprint);
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    @Override
    public String computation() {
        return "";
    }

    @Override
    public int dimension(FeatureKind kind) {
        if (kind.pooling().isGrid()) {
            throw new IllegalArgumentException("the classic descriptor is of whole images, not of patches");
        }
        return descriptor.dimension();
    }

    /** One pixel: there are no patches. */
    @Override
    public int patchSize() {
        return 1;
    }

    /** Not used: images are taken as they are. */
    @Override
    public Preprocessing preprocessing(FeatureKind kind) {
        return EvalTransform.imagenet();
    }

    @Override
    public Image prepare(Image image, FeatureKind kind) {
        return image;
    }

    @Override
    public DescriptorSubject with(Preprocessing preprocessing) {
        return this;
    }

    @Override
    public boolean needsCentering() {
        return false;
    }

    @Override
    public List<float[]> features(List<Image> images, FeatureKind kind) {
        return Arrays.asList(descriptor.embed(images));
    }

    @Override
    public void close() {
        // holds nothing
    }
}
