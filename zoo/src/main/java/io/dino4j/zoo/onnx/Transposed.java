package io.dino4j.zoo.onnx;

/** Matrices as {@code MatMul} takes them. */
final class Transposed {
    private static final int TILE = 32;

    private Transposed() {}

    /** The transpose {@code [columns, rows]} of a matrix {@code [rows, columns]}. */
    static float[] of(float[] matrix, int rows, int columns) {
        float[] out = new float[matrix.length];
        for (int r0 = 0; r0 < rows; r0 += TILE) {
            for (int c0 = 0; c0 < columns; c0 += TILE) {
                for (int r = r0; r < Math.min(r0 + TILE, rows); r++) {
                    for (int c = c0; c < Math.min(c0 + TILE, columns); c++) {
                        out[c * rows + r] = matrix[r * columns + c];
                    }
                }
            }
        }
        return out;
    }

    /** Multiplies each row by a vector, in place. */
    static float[] times(float[] rows, float[] vector) {
        for (int i = 0; i < rows.length; i++) {
            rows[i] *= vector[i % vector.length];
        }
        return rows;
    }
}
