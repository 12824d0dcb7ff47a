package io.dino4j.data.vector;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * Native memory and matrix products of one thread that runs {@link BlockTask}s. While it is open, the kernels that its thread calls use no
 * other thread: each block is worked on by one, with the same bits whatever the machine does beside. To be opened, used and closed by the
 * same thread.
 */
public final class BlockMemory implements AutoCloseable {
    private final Map<String, FloatPointer> scratch = new HashMap<>();
    private final Map<float[], FloatPointer> constants = new IdentityHashMap<>();
    private final NativeOps threads;
    private final int threadsBefore;

    /** Opens it for the calling thread. */
    public BlockMemory() {
        Nd4j.getBackend(); // the holder below is filled by ND4J's start
        threads = NativeOpsHolder.getInstance().getDeviceNativeOps();
        threadsBefore = threads.ompGetMaxThreads();
        threads.setOmpNumThreads(1); // of this thread alone
    }

    /** Memory of at least so many numbers, with any content; the same again for the same name. */
    FloatPointer scratch(String name, long length) {
        FloatPointer held = scratch.get(name);
        if (held == null || held.capacity() < length) {
            if (held != null) {
                held.close();
            }
            held = new FloatPointer(length);
            scratch.put(name, held);
        }
        return held.position(0);
    }

    /** A native copy of an array that does not change, made once. */
    FloatPointer constant(float[] values) {
        return constants.computeIfAbsent(values, v -> new FloatPointer(Math.max(1, v.length)).put(v, 0, v.length));
    }

    /**
     * {@code c = a bᵀ}.
     *
     * @param a {@code [m, d]} at the pointer's position
     * @param b {@code [n, d]} at the pointer's position
     * @param c receives {@code [m, n]}
     */
    void product(FloatPointer a, int m, FloatPointer b, int n, int d, FloatPointer c) {
        if (ONE_DNN) {
            int status = dnnl.dnnl_sgemm((byte) 'N', (byte) 'T', m, n, d, 1, a, d, b, d, 0, c, n);
            if (status != dnnl.dnnl_success) {
                throw new IllegalStateException("the product of [%d, %d] and [%d, %d] failed".formatted(m, d, n, d));
            }
        } else {
            int row = openblas.CblasRowMajor;
            openblas.cblas_sgemm(row, openblas.CblasNoTrans, openblas.CblasTrans, m, n, d, 1, a, d, b, d, 0, c, n);
        }
    }

    @Override
    public void close() {
        scratch.values().forEach(FloatPointer::close);
        scratch.clear();
        constants.values().forEach(FloatPointer::close);
        constants.clear();
        threads.setOmpNumThreads(threadsBefore);
    }

    private static final boolean ONE_DNN = loads();

    /** oneDNN knows the processor's widest instructions where OpenBLAS may not; it has no natives for some platforms. */
    private static boolean loads() {
        try {
            return dnnl.dnnl_version() != null;
        } catch (LinkageError e) {
            org.bytedeco.openblas.global.openblas.blas_set_num_threads(1);
            return false;
        }
    }
}
