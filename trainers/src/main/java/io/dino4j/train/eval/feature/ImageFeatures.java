package io.dino4j.train.eval.feature;

import io.dino4j.data.source.ImageSource;
import io.dino4j.data.vector.VectorFile;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Features of all images of a source that could be read, mapped into memory. {@code n} below counts these images, which need not be all of
 * the source: {@link #index} tells.
 */
public final class ImageFeatures {
    private final ImageSource images;
    private final VectorFile rows;
    private final FeatureList list;

    ImageFeatures(ImageSource images, VectorFile rows, FeatureList list) {
        this.images = images;
        this.rows = rows;
        this.list = list;
    }

    /** Number of images that could be read, {@code N}. */
    public int size() {
        return list.size();
    }

    /** Numbers in a row, {@code D}. */
    public int dimension() {
        return rows.dimension();
    }

    /** All rows of all images, one after another, in order of images; for large sets without a copy. */
    public VectorFile rows() {
        return rows;
    }

    /** Position in the source of the {@code n}-th image. */
    public int index(int n) {
        return list.index(n);
    }

    /** Class of the {@code n}-th image, -1 for none. */
    public int label(int n) {
        return images.label(index(n));
    }

    /** Classes of all images, {@code [N]}, -1 for none. */
    public int[] labels() {
        return IntStream.range(0, size()).map(this::label).toArray();
    }

    /** Rows of the grid of patches of the {@code n}-th image, {@code h}. */
    public int gridHeight(int n) {
        return list.gridHeight(n);
    }

    /** Patches in a row of the {@code n}-th image, {@code w}. */
    public int gridWidth(int n) {
        return list.gridWidth(n);
    }

    /** Number of the first row of the {@code n}-th image in {@link #rows}. */
    public int firstRow(int n) {
        return list.firstRow(n);
    }

    /** Number of rows of the {@code n}-th image: 1, or those of its grid. */
    public int rowCount(int n) {
        return list.firstRow(n + 1) - list.firstRow(n);
    }

    /** The features of the {@code n}-th image, row by row: {@code [rowCount, D]}, a copy. */
    public float[] of(int n) {
        float[] out = new float[rowCount(n) * dimension()];
        rows.read(firstRow(n), rowCount(n), out);
        return out;
    }

    /**
     * All rows as a matrix, {@code [rows, D]} FLOAT, the caller's own; for pooled features there is one row an image.
     *
     * @param from first column
     * @param to after the last column
     */
    public INDArray matrix(int from, int to) {
        if (from < 0 || to > dimension() || from >= to) {
            throw new IllegalArgumentException(
                    "columns %d to %d of features with %d numbers".formatted(from, to, dimension()));
        }
        INDArray all = Nd4j.createUninitialized(DataType.FLOAT, rows.size(), to - from);
        FloatPointer target = new FloatPointer(all.data().addressPointer());
        int block = Math.max(1, Math.min(rows.size(), (1 << 20) / dimension()));
        float[] some = new float[block * dimension()];
        float[] narrow = new float[block * (to - from)];
        for (int first = 0; first < rows.size(); first += block) {
            int count = Math.min(block, rows.size() - first);
            rows.read(first, count, some);
            for (int r = 0; r < count; r++) {
                System.arraycopy(some, r * dimension() + from, narrow, r * (to - from), to - from);
            }
            target.position((long) first * (to - from)).put(narrow, 0, count * (to - from));
        }
        return all;
    }

    /** All rows as a matrix, {@code [rows, D]} FLOAT, the caller's own. */
    public INDArray matrix() {
        return matrix(0, dimension());
    }

    /** A line for each image that could not be read. */
    public List<String> unreadable() {
        return list.unreadable();
    }
}
