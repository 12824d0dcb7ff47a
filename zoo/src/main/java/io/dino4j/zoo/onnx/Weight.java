package io.dino4j.zoo.onnx;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Supplier;
import onnx.Onnx.TensorProto;
import org.bytedeco.javacpp.indexer.HalfIndexer;

/**
 * A constant of the graph, worked out when it is written and forgotten then: one is on the heap at a time.
 *
 * @param name in the graph
 * @param half true to store 16 bits
 * @param shape C order
 * @param values as many as the shape says
 */
record Weight(String name, boolean half, long[] shape, Supplier<float[]> values) {
    private static final int CHUNK = 1 << 16;
    private static final float LARGEST_HALF = 65504;

    /** Name, type and shape, without values. */
    TensorProto.Builder head() {
        TensorProto.Builder head = TensorProto.newBuilder()
                .setName(name)
                .setDataType((half ? TensorProto.DataType.FLOAT16 : TensorProto.DataType.FLOAT).getNumber());
        for (long d : shape) {
            head.addDims(d);
        }
        return head;
    }

    long bytes() {
        long n = half ? Short.BYTES : Float.BYTES;
        for (long d : shape) {
            n = Math.multiplyExact(n, d);
        }
        return n;
    }

    /** Writes the values, little endian. */
    void writeTo(OutputStream out) throws IOException {
        float[] all = values.get();
        int width = half ? Short.BYTES : Float.BYTES;
        if ((long) all.length * width != bytes()) {
            throw new IllegalStateException("%s: %d values".formatted(name, all.length));
        }
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        for (float v : all) {
            if (half) {
                chunk.putShort((short) HalfIndexer.fromFloat(inRange(v)));
            } else {
                chunk.putFloat(v);
            }
            if (!chunk.hasRemaining()) {
                out.write(chunk.array());
                chunk.clear();
            }
        }
        out.write(chunk.array(), 0, chunk.position());
    }

    private float inRange(float v) {
        if (!(Math.abs(v) <= LARGEST_HALF)) {
            throw new IllegalArgumentException(
                    "'%s' holds %s, which 16 bits cannot: export it in float32".formatted(name, v));
        }
        return v;
    }
}
