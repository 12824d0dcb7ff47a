package io.dino4j.benchmarks.subject;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** What the memory can do: arrays beyond every cache copied by the C library, each thread its own. */
final class MemoryCopy implements Subject {
    private static final long BYTES = 512L << 20;

    private final int threads;
    private final ExecutorService pool;
    private final List<BytePointer> from = new ArrayList<>();
    private final List<BytePointer> to = new ArrayList<>();

    MemoryCopy(Arguments a) {
        threads = a.number("threads");
        pool = Executors.newFixedThreadPool(threads);
        for (int t = 0; t < threads; t++) {
            from.add(filled(1));
            to.add(filled(0));
        }
    }

    /** Written to, so that the pages are there and not all the same. */
    private BytePointer filled(int value) {
        BytePointer bytes = new BytePointer(BYTES / threads);
        Pointer.memset(bytes, value, bytes.capacity());
        return bytes;
    }

    @Override
    public void run() {
        List<Future<?>> copies = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            BytePointer source = from.get(t);
            BytePointer target = to.get(t);
            copies.add(pool.submit(() -> Pointer.memcpy(target, source, source.capacity())));
        }
        try {
            for (Future<?> copy : copies) {
                copy.get();
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Map<String, Object> facts() {
        return Map.of("bytes", 2 * BYTES);
    }

    @Override
    public void close() {
        pool.shutdown();
        from.forEach(Pointer::close);
        to.forEach(Pointer::close);
    }
}
