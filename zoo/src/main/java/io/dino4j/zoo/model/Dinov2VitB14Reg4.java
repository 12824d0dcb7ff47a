package io.dino4j.zoo.model;

import io.dino4j.zoo.download.Release;

/** ViT-B/14 with 4 registers in DL4J's zoo: 87 million parameters, features of width 768. See {@link Dinov2ZooModel}. */
public final class Dinov2VitB14Reg4 extends Dinov2ZooModel {
    /** Features of images of 224 pixels. */
    public Dinov2VitB14Reg4() {
        this(builder());
    }

    private Dinov2VitB14Reg4(Builder<Dinov2VitB14Reg4> options) {
        super(Release.DINOV2_VITB14_REG4, options);
    }

    /** Options. */
    public static Builder<Dinov2VitB14Reg4> builder() {
        return new Builder<>(Dinov2VitB14Reg4::new);
    }
}
