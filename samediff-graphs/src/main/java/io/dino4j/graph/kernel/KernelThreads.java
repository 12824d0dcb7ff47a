package io.dino4j.graph.kernel;

import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * How many threads the kernels of a plan may use: those of the thread that compiles and runs it. Several plans that run at once on threads of
 * their own divide the processors with {@link #limit}.
 */
public final class KernelThreads {
    private static final ThreadLocal<Integer> LIMIT = ThreadLocal.withInitial(KernelThreads::all);

    private KernelThreads() {}

    /**
     * Limits the kernels that the calling thread compiles and runs from now on. OpenMP keeps a team of threads for each thread that calls it.
     *
     * @param threads at least 1
     */
    public static void limit(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("a kernel needs a thread, got " + threads);
        }
        LIMIT.set(threads);
        Nd4j.getBackend(); // the holder of its ops is not complete before it
        NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
    }

    /** Threads for the kernels of the calling thread. */
    public static int count() {
        return LIMIT.get();
    }

    /** Threads that OpenMP was told to use ({@code OMP_NUM_THREADS}), else the processors it will find. */
    public static int all() {
        String env = System.getenv("OMP_NUM_THREADS");
        return env != null && env.matches("[1-9][0-9]{0,3}")
                ? Integer.parseInt(env)
                : Runtime.getRuntime().availableProcessors();
    }
}
