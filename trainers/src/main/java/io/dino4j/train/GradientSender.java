package io.dino4j.train;

import io.dino4j.data.DaemonThreads;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.cluster.worker.GradientPacking;
import io.dino4j.train.cluster.worker.ParameterClient;
import io.dino4j.train.cluster.worker.RegroupException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Sends the gradients of a step, each once: layer by layer during the backward pass, on a thread of its own, and what is left at its end.
 */
final class GradientSender implements GradientListener, AutoCloseable {
    /** Gradients that are waited for before they are sent, to send few messages. */
    private static final long ENOUGH = 1 << 16;

    private final ParameterClient client;
    private final GradientPacking packing;
    private final ExecutorService thread;
    private final List<Future<?>> underWay = new ArrayList<>();
    private final TreeMap<Long, Long> waiting = new TreeMap<>(); // ranges by their first element
    private final TreeMap<Long, Long> sent = new TreeMap<>();
    private ParameterVector gradients;
    private long waitingLength;

    GradientSender(ParameterClient client, GradientPacking packing) {
        this.client = client;
        this.packing = packing;
        this.thread = Executors.newSingleThreadExecutor(new DaemonThreads("dino4j-gradients"));
    }

    /** What the ranges lie in; known from the first step on. */
    private boolean isReady() {
        return gradients != null;
    }

    /** A step begins, or begins anew. */
    void begin() {
        try {
            await();
        } catch (RegroupException e) {
            // of a step that is given up
        }
        waiting.clear();
        sent.clear();
        waitingLength = 0;
    }

    @Override
    public void ready(long from, long to) {
        if (!isReady()) {
            return; // all are sent at the end of the first step
        }
        waiting.put(from, to);
        waitingLength += to - from;
        if (waitingLength >= ENOUGH) {
            flush();
        }
    }

    private void flush() {
        joined(waiting).forEach((from, to) -> {
            sent.put(from, to);
            underWay.add(thread.submit(() -> client.push(gradients, from, to, packing)));
        });
        waiting.clear();
        waitingLength = 0;
    }

    private static TreeMap<Long, Long> joined(TreeMap<Long, Long> ranges) {
        TreeMap<Long, Long> joined = new TreeMap<>();
        ranges.forEach((from, to) -> {
            Map.Entry<Long, Long> last = joined.lastEntry();
            if (last != null && last.getValue().equals(from)) {
                joined.put(last.getKey(), to);
            } else {
                joined.put(from, to);
            }
        });
        return joined;
    }

    /** Sends what has not been sent, and waits until all is on its way. */
    void finish(ParameterVector all) {
        gradients = all;
        flush();
        long at = 0;
        for (Map.Entry<Long, Long> range : joined(sent).entrySet()) {
            submit(at, range.getKey());
            at = range.getValue();
        }
        submit(at, all.layout().length());
        await();
    }

    private void submit(long from, long to) {
        if (from < to) {
            underWay.add(thread.submit(() -> client.push(gradients, from, to, packing)));
        }
    }

    private void await() {
        RuntimeException failure = null;
        for (Future<?> f : underWay) {
            try {
                f.get();
            } catch (ExecutionException e) {
                failure = e.getCause() instanceof RuntimeException r ? r : new IllegalStateException(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                failure = new IllegalStateException("interrupted while gradients are sent", e);
            }
        }
        underWay.clear();
        if (failure != null) {
            throw failure;
        }
    }

    /** Waits for what is being sent: the gradients may be freed after it. */
    @Override
    public void close() {
        thread.shutdownNow();
        boolean interrupted = false;
        while (!thread.isTerminated()) {
            try {
                thread.awaitTermination(1, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
