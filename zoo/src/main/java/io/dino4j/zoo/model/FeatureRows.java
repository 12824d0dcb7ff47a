package io.dino4j.zoo.model;

import io.dino4j.zoo.model.BackboneLayer.Output;
import io.dino4j.zoo.model.BackbonePass.Shape;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** From the tokens of a {@link BackbonePass} to the features of a {@link BackboneLayer}, and the way back of their gradient. */
record FeatureRows(Output output, Shape shape) {
    private static final INDArrayIndex ALL = NDArrayIndex.all();

    /**
     * The features.
     *
     * @param tokens {@code [B, D]} or {@code [B N, D]}
     * @return see {@link Output}, in DL4J's workspace for activations
     */
    INDArray give(INDArray tokens, LayerWorkspaceMgr workspaces) {
        INDArray features = workspaces.createUninitialized(
                ArrayType.ACTIVATIONS, shape.precision().parameters(), featureShape(), 'c');
        switch (output) {
            case CLS -> features.assign(tokens);
            case CLS_MEAN -> {
                long d = tokens.size(1);
                INDArray all = images(tokens);
                features.get(ALL, NDArrayIndex.interval(0, d)).assign(all.get(ALL, NDArrayIndex.point(0), ALL));
                // in the type of the features: a mean in 16 bits would lose what it is taken for
                features.get(ALL, NDArrayIndex.interval(d, 2 * d))
                        .assign(patches(all).castTo(features.dataType()).mean(1));
            }
            case PATCHES -> grid(features).assign(patches(images(tokens)));
        }
        return features;
    }

    /**
     * The gradient of the tokens.
     *
     * @param epsilon gradient of the features
     * @param upstream written, {@code [B, D]} or {@code [B N, D]}
     */
    void takeBack(INDArray epsilon, INDArray upstream) {
        switch (output) {
            case CLS -> upstream.assign(epsilon);
            case CLS_MEAN -> {
                long d = upstream.size(1);
                INDArray all = images(upstream);
                upstream.assign(0); // registers
                all.get(ALL, NDArrayIndex.point(0), ALL).assign(epsilon.get(ALL, NDArrayIndex.interval(0, d)));
                INDArray patches = patches(all);
                INDArray share =
                        epsilon.get(ALL, NDArrayIndex.interval(d, 2 * d)).div(patches.size(1));
                patches.assign(share.reshape(share.size(0), 1, d).broadcast(patches.shape()));
            }
            case PATCHES -> {
                upstream.assign(0); // cls and registers
                patches(images(upstream)).assign(grid(epsilon));
            }
        }
    }

    private long[] featureShape() {
        long b = shape.count();
        long d = shape.vit().embedDim();
        return switch (output) {
            case CLS -> new long[] {b, d};
            case CLS_MEAN -> new long[] {b, 2 * d};
            case PATCHES -> new long[] {b, d, height(), width()};
        };
    }

    private int height() {
        return shape.height() / shape.vit().patchSize();
    }

    private int width() {
        return shape.width() / shape.vit().patchSize();
    }

    /** {@code [B N, D]} as {@code [B, N, D]}. */
    private INDArray images(INDArray tokens) {
        return tokens.reshape(shape.count(), shape.tokens(), tokens.size(1));
    }

    /** The patches {@code [B, n, D]} of {@code [B, N, D]}. */
    private INDArray patches(INDArray all) {
        return all.get(ALL, NDArrayIndex.interval(shape.vit().numPrefixTokens(), all.size(1)), ALL);
    }

    /** {@code [B, D, h, w]} as {@code [B, n, D]}: a view. */
    private INDArray grid(INDArray image) {
        return image.reshape(shape.count(), image.size(1), (long) height() * width())
                .permute(0, 2, 1);
    }
}
