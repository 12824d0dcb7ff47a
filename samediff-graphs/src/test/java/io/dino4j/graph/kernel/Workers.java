package io.dino4j.graph.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Several workers in one process: threads that meet at a barrier. */
final class Workers {
    private final CyclicBarrier barrier;
    private final Object[] slots;

    Workers(int count) {
        barrier = new CyclicBarrier(count);
        slots = new Object[count];
    }

    /** Runs {@code work} once for each worker, all at the same time; the results in the order of the workers. */
    <T> List<T> run(Function<Collective, T> work) throws InterruptedException, ExecutionException, TimeoutException {
        ExecutorService threads = Executors.newFixedThreadPool(slots.length);
        try {
            List<Callable<T>> calls = new ArrayList<>();
            for (int w = 0; w < slots.length; w++) {
                Member member = new Member(w);
                calls.add(() -> work.apply(member));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> f : threads.invokeAll(calls, 60, TimeUnit.SECONDS)) {
                results.add(f.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }

    int rank(Collective member) {
        return ((Member) member).rank;
    }

    private final class Member implements Collective {
        private final int rank;

        Member(int rank) {
            this.rank = rank;
        }

        @Override
        public void sum(INDArray x) {
            Object[] all = exchange(x.dup('c'));
            INDArray sum = (INDArray) all[0];
            for (int w = 1; w < all.length; w++) {
                sum = sum.add((INDArray) all[w]);
            }
            x.assign(sum);
        }

        @Override
        public double sum(double x) {
            double sum = 0;
            for (Object o : exchange(x)) {
                sum += (Double) o;
            }
            return sum;
        }

        @Override
        public double max(double x) {
            double max = x;
            for (Object o : exchange(x)) {
                max = Math.max(max, (Double) o);
            }
            return max;
        }

        private Object[] exchange(Object mine) {
            slots[rank] = mine;
            meet();
            Object[] all = slots.clone();
            meet();
            return all;
        }

        private void meet() {
            try {
                barrier.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                throw new IllegalStateException("worker " + rank + " waited in vain", e);
            }
        }
    }
}
