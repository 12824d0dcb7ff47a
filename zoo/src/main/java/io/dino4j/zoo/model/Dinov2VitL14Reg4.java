package io.dino4j.zoo.model;

import io.dino4j.zoo.download.Release;

/** ViT-L/14 with 4 registers in DL4J's zoo: 304 million parameters, features of width 1024. See {@link Dinov2ZooModel}. */
public final class Dinov2VitL14Reg4 extends Dinov2ZooModel {
    /** Features of images of 224 pixels. */
    public Dinov2VitL14Reg4() {
        this(builder());
    }

    private Dinov2VitL14Reg4(Builder<Dinov2VitL14Reg4> options) {
        super(Release.DINOV2_VITL14_REG4, options);
    }

    /** Options. */
    public static Builder<Dinov2VitL14Reg4> builder() {
        return new Builder<>(Dinov2VitL14Reg4::new);
    }
}
