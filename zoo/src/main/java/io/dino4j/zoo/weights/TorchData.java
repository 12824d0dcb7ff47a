package io.dino4j.zoo.weights;

import io.dino4j.graph.exec.Backend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The mapped bytes a tensor is spread over, and how its elements are gathered from them. */
final class TorchData {
    /** First byte of a pickle. */
    static final byte PICKLE = (byte) 0x80;

    private static final int PART_BITS = 30; // a Java mapping ends at 2 GiB; a multiple of every element's width
    private static final int BLOCK = 1 << 18; // elements gathered at a time

    private final TorchTensor tensor;
    private final List<ByteBuffer> parts;

    private TorchData(TorchTensor tensor, List<ByteBuffer> parts) {
        this.tensor = tensor;
        this.parts = parts;
    }

    /** Maps the part of the storage between the first element and the last; the tensor must have elements. */
    static TorchData map(FileChannel channel, TorchTensor tensor) throws IOException {
        int width = tensor.storage().type().width();
        long start = tensor.storage().start() + tensor.offset() * width;
        long bytes = tensor.span() * width;
        List<ByteBuffer> parts = new ArrayList<>();
        for (long done = 0; done < bytes; done += 1L << PART_BITS) {
            long part = Math.min(1L << PART_BITS, bytes - done);
            parts.add(channel.map(FileChannel.MapMode.READ_ONLY, start + done, part)
                    .order(ByteOrder.LITTLE_ENDIAN));
        }
        return new TorchData(tensor, parts);
    }

    /** True if the first byte is that of a pickle, not of a zip archive. */
    static boolean startsLikePickle(FileChannel channel) throws IOException {
        ByteBuffer first = ByteBuffer.allocate(1);
        return channel.read(first, 0) == 1 && first.get(0) == PICKLE;
    }

    /** Writes every element to an array in C order of as many, widening halves to floats. */
    void copyTo(INDArray target) {
        long length = tensor.length();
        int width = target.dataType().width();
        ByteBuffer block =
                ByteBuffer.allocate((int) Math.min(length, BLOCK) * width).order(ByteOrder.LITTLE_ENDIAN);
        Walk walk = new Walk(tensor);
        try (BytePointer to = new BytePointer(target.data().addressPointer())) {
            for (long done = 0; done < length; ) {
                int count = (int) Math.min(BLOCK, length - done);
                gather(walk, block.clear(), count);
                to.position(done * width).limit((done + count) * width).put(block.array(), 0, count * width);
                done += count;
            }
        }
        Backend.loaded().writtenOnHost(target);
    }

    private void gather(Walk walk, ByteBuffer block, int count) {
        DataType type = tensor.storage().type();
        int width = type.width();
        while (count > 0) {
            long at = walk.position() * width;
            ByteBuffer part = parts.get((int) (at >>> PART_BITS));
            int from = (int) (at & ((1 << PART_BITS) - 1));
            int run = (int) Math.min(Math.min(walk.run(), count), (part.limit() - from) / width);
            switch (type) {
                case HALF -> {
                    for (int i = 0; i < run; i++) {
                        block.putFloat(WeightType.FLOAT16.take(part, from + 2 * i));
                    }
                }
                case BFLOAT16 -> {
                    for (int i = 0; i < run; i++) {
                        block.putFloat(WeightType.BFLOAT16.take(part, from + 2 * i));
                    }
                }
                case BOOL -> {
                    for (int i = 0; i < run; i++) {
                        block.put((byte) (part.get(from + i) == 0 ? 0 : 1)); // other bytes are no truth values in C++
                    }
                }
                default -> block.put(block.position(), part, from, run * width)
                        .position(block.position() + run * width);
            }
            walk.advance(run);
            count -= run;
        }
    }

    /** Visits the elements of a tensor in C order, in runs that follow each other in the storage. */
    private static final class Walk {
        private final long[] shape;
        private final long[] stride;
        private final long[] index;
        private final int outer; // dimensions before those that are contiguous
        private final long inner; // elements in the contiguous ones
        private long base;
        private long done; // of the inner elements

        Walk(TorchTensor tensor) {
            shape = tensor.shape();
            stride = tensor.stride();
            index = new long[shape.length];
            int split = shape.length;
            long elements = 1;
            while (split > 0 && (shape[split - 1] == 1 || stride[split - 1] == elements)) {
                elements *= shape[--split];
            }
            outer = split;
            inner = elements;
        }

        /** Elements from the first of the tensor. */
        long position() {
            return base + done;
        }

        /** How many elements follow each other from here. */
        long run() {
            return inner - done;
        }

        void advance(long count) {
            done += count;
            if (done < inner) {
                return;
            }
            done = 0;
            for (int i = outer - 1; i >= 0; i--) {
                base += stride[i];
                if (++index[i] < shape[i]) {
                    return;
                }
                base -= shape[i] * stride[i];
                index[i] = 0;
            }
        }
    }
}
