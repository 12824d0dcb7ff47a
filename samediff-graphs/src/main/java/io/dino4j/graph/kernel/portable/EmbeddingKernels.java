package io.dino4j.graph.kernel.portable;

import static io.dino4j.graph.kernel.portable.Algebra.as;
import static io.dino4j.graph.kernel.portable.Algebra.rows;
import static io.dino4j.graph.kernel.portable.Algebra.times;
import static io.dino4j.graph.kernel.portable.Algebra.transposedTimes;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.kernel.PositionResampling;
import io.dino4j.graph.op.Patchify;
import io.dino4j.graph.op.PositionEmbedding;
import io.dino4j.graph.op.PositionEmbedding.Resize;
import org.nd4j.linalg.api.ndarray.INDArray;

/** From images to patches, and the positions of patches. */
final class EmbeddingKernels {
    private EmbeddingKernels() {}

    static Kernel patchify(OpCall c) {
        int p = ((Patchify) c.op()).patchSize();
        return () -> {
            long row = 0;
            for (INDArray images : c.inputs()) {
                INDArray patches = patches(images, p);
                long count = count(images, p);
                as(rows(c.out(0), row, count), patches.shape()).assign(patches);
                row += count;
            }
        };
    }

    static Kernel patchifyGrad(OpCall c) {
        int p = ((Patchify.Grad) c.op()).patchSize();
        return () -> {
            long row = 0;
            for (int i = 0; i < c.outputs().length; i++) {
                long count = count(c.in(i), p);
                if (c.out(i) != null) {
                    INDArray patches = patches(c.out(i), p);
                    patches.assign(as(rows(c.lastIn(), row, count), patches.shape()));
                }
                row += count;
            }
        };
    }

    /** Patches in a batch of images. */
    private static long count(INDArray images, int p) {
        return images.size(0) * (images.size(2) / p) * (images.size(3) / p);
    }

    /** A view of images {@code [B, C, H, W]} as {@code [B, H/p, W/p, C, p, p]}. */
    private static INDArray patches(INDArray images, int p) {
        long h = images.size(2) / p;
        long w = images.size(3) / p;
        return as(images, images.size(0), images.size(1), h, p, w, p).permute(0, 2, 4, 1, 3, 5);
    }

    static Kernel positions(OpCall c) {
        INDArray trained = c.in(0); // [1, 1 + M M, D]
        Resize resize = ((PositionEmbedding) c.op()).resize(trained.size(1));
        INDArray table = as(trained, trained.size(1), trained.size(2));
        if (resize.isIdentity()) {
            return () -> c.out(0).assign(table);
        }
        INDArray matrix = PositionResampling.matrix(resize, trained.dataType());
        return () -> c.out(0).assign(times(matrix, table));
    }

    static Kernel positionsGrad(OpCall c) {
        INDArray trained = c.in(0);
        Resize resize = ((PositionEmbedding.Grad) c.op()).resize(trained.size(1));
        INDArray dTable = as(c.out(0), trained.size(1), trained.size(2));
        if (resize.isIdentity()) {
            return () -> dTable.assign(c.in(1));
        }
        INDArray matrix = PositionResampling.matrix(resize, trained.dataType());
        return () -> dTable.assign(transposedTimes(matrix, c.in(1)));
    }
}
