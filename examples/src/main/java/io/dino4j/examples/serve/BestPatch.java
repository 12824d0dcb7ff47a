package io.dino4j.examples.serve;

import io.dino4j.data.vector.Block;
import io.dino4j.data.vector.BlockTask;
import java.io.Serializable;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;

/** The similarity of the most similar patch of every image: a maximum, so the result does not depend on the order of the blocks. */
final class BestPatch implements BlockTask<BestPatch.Of> {
    private static final long serialVersionUID = 1;

    private final transient ImageIndex.PatchRows patches;
    private final float[] query;

    /**
     * Of every image.
     *
     * @param similarity {@code [images]} cosines; negative infinity before any patch was seen
     */
    record Of(float[] similarity) implements Serializable {}

    /**
     * A search.
     *
     * @param query {@code [D]} of length 1
     */
    BestPatch(ImageIndex.PatchRows patches, float[] query) {
        this.patches = patches;
        this.query = query;
    }

    @Override
    public Of zero() {
        float[] none = new float[patches.images()];
        Arrays.fill(none, Float.NEGATIVE_INFINITY);
        return new Of(none);
    }

    @Override
    public void add(Block block, Of result) {
        float[] similarity = new float[block.count()];
        try (FloatPointer q = new FloatPointer(query);
                FloatPointer out = new FloatPointer(block.count())) {
            openblas.cblas_sgemv(
                    openblas.CblasRowMajor,
                    openblas.CblasNoTrans,
                    block.count(),
                    block.dimension(),
                    1,
                    block.rows(),
                    block.dimension(),
                    q,
                    1,
                    0,
                    out,
                    1);
            out.get(similarity);
        }
        int image = patches.imageOf(block.first());
        for (int i = 0; i < similarity.length; i++) {
            while (block.first() + i >= patches.end(image)) {
                image++;
            }
            result.similarity[image] = Math.max(result.similarity[image], similarity[i]);
        }
    }

    @Override
    public Of merge(Of left, Of right) {
        for (int i = 0; i < left.similarity.length; i++) {
            left.similarity[i] = Math.max(left.similarity[i], right.similarity[i]);
        }
        return left;
    }
}
