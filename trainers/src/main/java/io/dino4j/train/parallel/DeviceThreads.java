package io.dino4j.train.parallel;

import io.dino4j.data.DaemonThreads;
import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.kernel.KernelThreads;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/**
 * A thread for each device of this process, which compiles and runs all of its plans; a device is a group of processors, or with ND4J's
 * backend for CUDA a card. A single device is the calling thread with all processors, or the first card.
 */
public final class DeviceThreads implements AutoCloseable {
    private final List<ExecutorService> threads = new ArrayList<>();
    private final int devices;
    private final Runnable abort;

    /**
     * Starts the threads.
     *
     * @param devices how many, at least 1
     * @param kernelThreads threads that the kernels of each may use
     * @param abort wakes the other devices when one has failed
     */
    public DeviceThreads(int devices, int kernelThreads, Runnable abort) {
        this(devices, kernelThreads, abort, Backend.loaded());
    }

    DeviceThreads(int devices, int kernelThreads, Runnable abort, Backend backend) {
        backend.attach(0);
        this.devices = devices;
        this.abort = abort;
        for (int d = 0; d < devices && devices > 1; d++) {
            ExecutorService thread = Executors.newSingleThreadExecutor(new DaemonThreads("dino4j-device-" + d));
            int device = d;
            thread.execute(() -> {
                backend.attach(device);
                KernelThreads.limit(kernelThreads);
            });
            threads.add(thread);
        }
    }

    /** Number of devices. */
    public int count() {
        return devices;
    }

    /**
     * Does the same on every device at once, and waits for all.
     *
     * @param work given the number of the device
     * @return the results, in the order of the devices
     * @throws RuntimeException that of the device which failed first in their order, not of one that only waited for it
     */
    public <T> List<T> run(IntFunction<T> work) {
        if (devices == 1) {
            return List.of(work.apply(0));
        }
        List<Future<T>> running = new ArrayList<>();
        for (int d = 0; d < devices; d++) {
            int device = d;
            running.add(threads.get(d).submit(() -> {
                try {
                    return work.apply(device);
                } catch (RuntimeException | Error e) {
                    abort.run();
                    throw e;
                }
            }));
        }
        List<T> results = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        for (Future<T> device : running) {
            try {
                results.add(device.get());
            } catch (ExecutionException e) {
                boolean own = !(e.getCause() instanceof ThreadCollective.DeviceFailedException);
                failures.add(own ? 0 : failures.size(), e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while the devices work", e);
            }
        }
        if (failures.isEmpty()) {
            return results;
        }
        if (failures.get(0) instanceof Error e) {
            throw e;
        }
        throw (RuntimeException) failures.get(0);
    }

    @Override
    public void close() {
        threads.forEach(ExecutorService::shutdown);
    }
}
