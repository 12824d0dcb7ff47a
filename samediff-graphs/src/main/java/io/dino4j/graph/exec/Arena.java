package io.dino4j.graph.exec;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One block of memory for intermediate arrays of a plan (one block for each data type). Values that are never alive at the same time
 * share memory: the largest are placed first, each at the lowest place that is free for as long as it lives. The memory is taken by
 * {@link #bind}, not before.
 */
final class Arena {
    /** Elements start at multiples of a cache line. */
    private static final int ALIGN_BYTES = 64;

    private final List<Value> scalars = new ArrayList<>();
    private final Map<DataType, Block> blocks = new EnumMap<>(DataType.class);

    /** A value's place in its block, in elements. */
    private record Placed(Value value, long start, long end) {}

    /** The values of one type and the elements that they need together. */
    private record Block(List<Placed> places, long length) {}

    /** Places all values, which own their memory. */
    Arena(List<Value> values) {
        Map<DataType, List<Value>> byType = new EnumMap<>(DataType.class);
        for (Value v : values) {
            if (v.shape.length == 0) {
                scalars.add(v);
            } else {
                byType.computeIfAbsent(v.type, t -> new ArrayList<>()).add(v);
            }
        }
        byType.forEach((type, list) -> blocks.put(type, place(list, align(type))));
    }

    private static int align(DataType type) {
        return ALIGN_BYTES / type.width();
    }

    private static Block place(List<Value> values, int align) {
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
        // room to start at a multiple of a cache line
        return new Block(placed, total + align);
    }

    /** Bytes of all blocks. */
    long bytes() {
        return blocks.entrySet().stream()
                .mapToLong(e -> e.getValue().length * e.getKey().width())
                .sum();
    }

    /** Where the blocks come from. */
    interface Memory {
        /** At least {@code length} elements. */
        INDArray block(DataType type, long length);
    }

    /** Takes the memory and binds the values' arrays. */
    void bind(Memory memory) {
        scalars.forEach(v -> v.bind(Nd4j.scalar(v.type, 0)));
        blocks.forEach((type, b) -> {
            int align = align(type);
            INDArray block = memory.block(type, b.length);
            long shift = Math.floorMod(-block.data().address() / type.width(), align);
            for (Placed p : b.places) {
                p.value.bind(view(block, p.start + shift, p.value.shape, type));
            }
        });
    }

    /** The array of a value at an offset of elements in the memory that another value owns. */
    static INDArray view(INDArray owner, long offset, long[] shape, DataType type) {
        DataBuffer data = owner.data();
        // an offset counts from the start of the whole buffer, even in a view
        return Nd4j.create(data, shape, Nd4j.getStrides(shape, 'c'), owner.offset() + offset, 'c', type);
    }
}
