package io.dino4j.train.eval.retrieval;

import io.dino4j.data.Progress;
import io.dino4j.data.source.ImageSource;
import io.dino4j.train.eval.feature.DescriptorSubject;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.ImageFeatures;
import io.dino4j.train.eval.feature.PixelSubject;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.zoo.FeatureKind;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Features of length 1, whose inner products are cosines.
 *
 * @param rows {@code [N, D]} FLOAT of images that could be read
 * @param rowOf {@code [images]} the row of each image of the source, -1 if it could not be read
 * @param unreadable a line for each of those
 */
record UnitFeatures(INDArray rows, int[] rowOf, List<String> unreadable) {
    /** Numbers of similarities that are worked out together: 64 MB. */
    private static final int BLOCK = 1 << 24;

    private static final double LEAST_LENGTH = 1e-12;

    /** Features as they are, and their mean. */
    record Raw(INDArray rows, int[] rowOf, List<String> unreadable) {
        static Raw of(Subject subject, ImageSource images, FeatureKind kind, FeatureCache cache, Progress progress)
                throws IOException {
            ImageFeatures features = cache.features(subject, images, kind, progress);
            int[] rowOf = new int[images.size()];
            Arrays.fill(rowOf, -1);
            for (int n = 0; n < features.size(); n++) {
                rowOf[features.index(n)] = n;
            }
            return new Raw(features.matrix(), rowOf, features.unreadable());
        }

        /** Of length 1, after a mean is taken off; a feature of zeros stays, it resembles nothing. */
        UnitFeatures without(INDArray mean) {
            INDArray moved = rows.subRowVector(mean);
            INDArray length = Transforms.max(moved.norm2(1), LEAST_LENGTH);
            return new UnitFeatures(moved.diviColumnVector(length), rowOf, unreadable);
        }
    }

    /**
     * Features of a database and of queries. Where a subject needs it, the mean of the database is taken off both.
     *
     * @return database, then the others in their order
     */
    static UnitFeatures[] of(
            Subject subject,
            ImageSource database,
            FeatureKind kind,
            FeatureCache cache,
            Progress progress,
            ImageSource... others)
            throws IOException {
        Raw known = Raw.of(subject, database, kind, cache, progress);
        INDArray mean = known.rows().mean(0);
        if (!subject.needsCentering()) {
            mean.assign(0);
        }
        UnitFeatures[] all = new UnitFeatures[1 + others.length];
        all[0] = known.without(mean);
        for (int i = 0; i < others.length; i++) {
            all[i + 1] = others[i] == database
                    ? all[0]
                    : Raw.of(subject, others[i], kind, cache, progress).without(mean);
        }
        return all;
    }

    /**
     * Checks that all images could be read.
     *
     * @throws IllegalArgumentException with the first that could not: a ground truth is worth nothing without its images
     */
    UnitFeatures whole() {
        if (!unreadable.isEmpty()) {
            throw new IllegalArgumentException("%d of the listed images cannot be read, for instance %s"
                    .formatted(unreadable.size(), unreadable.get(0)));
        }
        return this;
    }

    /** What they are, for reports. */
    static String described(Subject subject, Pooling pooling) {
        if (subject instanceof PixelSubject) {
            return "pixels, mean of the searched images removed";
        }
        if (subject instanceof DescriptorSubject) {
            return "descriptor of the whole image";
        }
        return switch (pooling) {
            case CLS -> "cls token of the last block";
            case MEAN -> "mean patch token of the last block";
            default -> "cls token and mean patch token of the last block";
        };
    }

    int size() {
        return (int) rows.size(0);
    }

    /** Takes what one row is to all rows of a database. */
    @FunctionalInterface
    interface Row {
        /**
         * Called in order of rows.
         *
         * @param row of the queries
         * @param cosine {@code [N]} to each row of the database; its own
         */
        void take(int row, float[] cosine);
    }

    /** The cosines of all rows to all rows of a database, a block of rows at a time. */
    void against(UnitFeatures database, Row to) {
        int step = Math.max(1, BLOCK / database.size());
        INDArray columns = database.rows.transpose();
        for (int from = 0; from < size(); from += step) {
            int end = Math.min(size(), from + step);
            INDArray some = rows.get(NDArrayIndex.interval(from, end), NDArrayIndex.all());
            float[][] cosine = some.mmul(columns).toFloatMatrix(); // [some, N]
            for (int r = 0; r < cosine.length; r++) {
                to.take(from + r, cosine[r]);
            }
        }
    }
}
