package io.dino4j.graph.exec;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One block of memory for all intermediate arrays of a plan (one block for each data type). Values that are never alive at the same time
 * share memory: the largest are placed first, each at the lowest place that is free for as long as it lives.
 */
final class Arena {
    /** Elements start at multiples of a cache line. */
    private static final int ALIGN_BYTES = 64;

    private long bytes;

    /** Places all values, which own their memory, and binds their arrays. */
    void place(List<Value> values) {
        Map<DataType, List<Value>> byType = new HashMap<>();
        for (Value v : values) {
            if (v.shape.length == 0) {
                v.bind(Nd4j.scalar(v.type, 0));
            } else {
                byType.computeIfAbsent(v.type, t -> new ArrayList<>()).add(v);
            }
        }
        byType.forEach(this::placeOfType);
    }

    /** Bytes of all blocks. */
    long bytes() {
        return bytes;
    }

    /** The array of a value at an offset of elements in the memory that another value owns. */
    static INDArray view(INDArray owner, long offset, long[] shape, DataType type) {
        DataBuffer data = owner.data();
        // an offset counts from the start of the whole buffer, even in a view
        return Nd4j.create(data, shape, Nd4j.getStrides(shape, 'c'), owner.offset() + offset, 'c', type);
    }

    private record Placed(Value value, long start, long end) {}

    private void placeOfType(DataType type, List<Value> values) {
        int align = ALIGN_BYTES / type.width();
        values.sort(Comparator.comparingLong(Value::length)
                .reversed()
                .thenComparingInt(Value::first)
                .thenComparing(v -> v.name));
        List<Placed> placed = new ArrayList<>();
        long total = 0;
        for (Value v : values) {
            long size = (v.length() + align - 1) / align * align;
            long start = 0;
            for (Placed p : placed) { // ordered by start
                boolean together = p.value.first() <= v.last() && v.first() <= p.value.last();
                if (together && p.start < start + size && start < p.end) {
                    start = p.end;
                }
            }
            Placed here = new Placed(v, start, start + size);
            int at = 0;
            while (at < placed.size() && placed.get(at).start <= start) {
                at++;
            }
            placed.add(at, here);
            total = Math.max(total, here.end);
        }
        INDArray block = Nd4j.createUninitialized(type, total + align);
        bytes += (total + align) * type.width();
        long shift = Math.floorMod(-block.data().address() / type.width(), align);
        for (Placed p : placed) {
            p.value.bind(view(block, p.start + shift, p.value.shape, type));
        }
    }
}
