package io.dino4j.spark;

import io.dino4j.data.vector.ArrayVectors;
import io.dino4j.data.vector.Block;
import io.dino4j.data.vector.BlockMemory;
import io.dino4j.data.vector.VectorFile;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Rows of one block, as they travel: themselves, or where they are. */
sealed interface BlockRows extends Serializable {
    /** The block, at the hands of a thread of an executor. */
    Block block(BlockMemory memory);

    /**
     * Rows that came along.
     *
     * @param first index of the first row, a multiple of {@link Block#ROWS}
     * @param dimension D
     * @param rows {@code [count, D]}
     */
    record Carried(int first, int dimension, float[] rows) implements BlockRows {
        @Override
        public Block block(BlockMemory memory) {
            return Block.alone(first, new ArrayVectors(rows, dimension), memory);
        }
    }

    /**
     * Rows of a {@link VectorFile} that every executor sees under the same path.
     *
     * @param file the path
     * @param first index of the first row, a multiple of {@link Block#ROWS}
     */
    record Shared(String file, int first) implements BlockRows {
        @Override
        public Block block(BlockMemory memory) {
            try {
                return Block.of(VectorFile.open(Path.of(file)), first, memory);
            } catch (IOException e) {
                throw new UncheckedIOException(e.getMessage() + "; every executor must see it under this path", e);
            }
        }
    }
}
