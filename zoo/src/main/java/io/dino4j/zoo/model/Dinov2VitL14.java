package io.dino4j.zoo.model;

import io.dino4j.zoo.download.Release;

/** ViT-L/14 in DL4J's zoo: 304 million parameters, features of width 1024. See {@link Dinov2ZooModel}. */
public final class Dinov2VitL14 extends Dinov2ZooModel {
    /** Features of images of 224 pixels. */
    public Dinov2VitL14() {
        this(builder());
    }

    private Dinov2VitL14(Builder<Dinov2VitL14> options) {
        super(Release.DINOV2_VITL14, options);
    }

    /** Options. */
    public static Builder<Dinov2VitL14> builder() {
        return new Builder<>(Dinov2VitL14::new);
    }
}
