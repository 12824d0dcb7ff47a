package io.dino4j.data.crop;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The native memory of one batch. Allocated once, outside every workspace, and written to by pointer from many threads,
 * each to its own rows.
 */
final class BatchArrays {
    private final INDArray globals;
    private final INDArray locals;
    private final INDArray masks;
    private final INDArray maskIndices;
    private final INDArray maskWeights;
    private final int batchSize;
    private final FloatBuffer[] rows; // made once: a new one for every crop would be the only garbage of writing it

    @SuppressWarnings("try") // the scope is used by being open
    BatchArrays(MultiCropConfig config, int batchSize, int upperBound) {
        int slots = MultiCropConfig.GLOBAL_CROPS * batchSize;
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            globals = crops(slots, config.globalSize());
            locals = config.localCrops() == 0 ? null : crops(config.localCrops() * batchSize, config.localSize());
            masks = Nd4j.create(DataType.FLOAT, slots, config.numPatches());
            maskIndices = Nd4j.create(DataType.INT32, upperBound);
            maskWeights = Nd4j.create(DataType.FLOAT, upperBound);
        }
        this.batchSize = batchSize;
        rows = new FloatBuffer[slots + config.localCrops() * batchSize];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = row < slots ? row(globals, row) : row(locals, row - slots);
        }
    }

    /** The memory of one row of an array. */
    static FloatBuffer row(INDArray crops, int row) {
        long length = crops.length() / crops.size(0);
        return new FloatPointer(crops.data().addressPointer())
                .position(row * length)
                .limit((row + 1) * length)
                .asBuffer();
    }

    private static INDArray crops(int count, int size) {
        return Nd4j.create(DataType.FLOAT, count, 3, size, size);
    }

    INDArray globals() {
        return globals;
    }

    /** The memory of one crop of one image, (3, H, W). */
    FloatBuffer row(int crop, int image) {
        return rows[crop * batchSize + image];
    }

    INDArray locals() {
        return locals;
    }

    INDArray masks() {
        return masks;
    }

    INDArray maskIndices() {
        return maskIndices;
    }

    INDArray maskWeights() {
        return maskWeights;
    }

    /** Copies one image, channels first, to a row of an array. */
    static void putCrop(INDArray crops, int row, float[] values, int length) {
        put(crops, (long) row * length, values, length);
    }

    /** Writes the masks of the batch and zeros behind the masked patches. */
    void putMasks(MaskSet set) {
        put(masks, 0, set.masks(), set.masks().length);
        int length = (int) maskIndices.length();
        int[] indices = Arrays.copyOf(set.indices(), length);
        float[] weights = Arrays.copyOf(set.weights(), length);
        IntPointer to = new IntPointer(maskIndices.data().addressPointer());
        to.put(indices, 0, length);
        put(maskWeights, 0, weights, length);
    }

    private static void put(INDArray array, long offset, float[] values, int length) {
        // A pointer object of our own: position is state, and other threads write to the same array.
        FloatPointer to = new FloatPointer(array.data().addressPointer());
        to.position(offset).put(values, 0, length);
    }

    void free() {
        globals.close();
        if (locals != null) {
            locals.close();
        }
        masks.close();
        maskIndices.close();
        maskWeights.close();
    }
}
