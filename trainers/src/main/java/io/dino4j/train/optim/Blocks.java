package io.dino4j.train.optim;

import io.dino4j.graph.param.ParameterVector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The flat vector cut into blocks that fit the second-level cache, none of which crosses a range. Native memory is copied
 * block by block into Java arrays, worked on by loops the compiler vectorises, and copied back: JDK 17 does not vectorise
 * loops over native memory itself.
 */
final class Blocks {
    /** Floats per block: five arrays of this size are 80 kB. */
    static final int SIZE = 4096;

    private final long[] from;
    private final int[] length;
    private final int[] range;

    Blocks(List<ParameterGroups.Range> ranges) {
        List<long[]> all = new ArrayList<>();
        for (int r = 0; r < ranges.size(); r++) {
            long end = ranges.get(r).to();
            for (long at = ranges.get(r).from(); at < end; at += SIZE) {
                all.add(new long[] {at, Math.min(SIZE, end - at), r});
            }
        }
        from = all.stream().mapToLong(b -> b[0]).toArray();
        length = all.stream().mapToInt(b -> (int) b[1]).toArray();
        range = all.stream().mapToInt(b -> (int) b[2]).toArray();
    }

    int count() {
        return from.length;
    }

    long from(int block) {
        return from[block];
    }

    int length(int block) {
        return length[block];
    }

    int range(int block) {
        return range[block];
    }

    /** A worker's arrays, one per vector it touches. */
    static float[][][] buffers(int workers, int vectors) {
        return new float[workers][vectors][SIZE];
    }

    /** One pointer per worker to the same memory: a pointer's position is state. */
    static FloatPointer[] pointers(ParameterVector vector, int workers) {
        if (vector.vector().dataType() != DataType.FLOAT) {
            throw new IllegalArgumentException(
                    "parameters must be FLOAT, got " + vector.vector().dataType());
        }
        FloatPointer[] pointers = new FloatPointer[workers];
        Arrays.setAll(pointers, w -> new FloatPointer(vector.vector().data().addressPointer()));
        return pointers;
    }
}
