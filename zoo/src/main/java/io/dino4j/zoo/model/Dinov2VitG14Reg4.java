package io.dino4j.zoo.model;

import io.dino4j.zoo.download.Release;

/** ViT-g/14 with 4 registers in DL4J's zoo: 1.1 billion parameters, features of width 1536. See {@link Dinov2ZooModel}. */
public final class Dinov2VitG14Reg4 extends Dinov2ZooModel {
    /** Features of images of 224 pixels. */
    public Dinov2VitG14Reg4() {
        this(builder());
    }

    private Dinov2VitG14Reg4(Builder<Dinov2VitG14Reg4> options) {
        super(Release.DINOV2_VITG14_REG4, options);
    }

    /** Options. */
    public static Builder<Dinov2VitG14Reg4> builder() {
        return new Builder<>(Dinov2VitG14Reg4::new);
    }
}
