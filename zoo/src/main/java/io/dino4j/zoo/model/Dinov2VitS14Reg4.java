package io.dino4j.zoo.model;

import io.dino4j.zoo.download.Release;

/** ViT-S/14 with 4 registers in DL4J's zoo: 22 million parameters, features of width 384. See {@link Dinov2ZooModel}. */
public final class Dinov2VitS14Reg4 extends Dinov2ZooModel {
    /** Features of images of 224 pixels. */
    public Dinov2VitS14Reg4() {
        this(builder());
    }

    private Dinov2VitS14Reg4(Builder<Dinov2VitS14Reg4> options) {
        super(Release.DINOV2_VITS14_REG4, options);
    }

    /** Options. */
    public static Builder<Dinov2VitS14Reg4> builder() {
        return new Builder<>(Dinov2VitS14Reg4::new);
    }
}
