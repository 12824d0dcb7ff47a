package io.dino4j.parity;

import io.dino4j.graph.kernel.Collective;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Workers as threads of this JVM that meet at a barrier. */
final class ThreadCollective implements Collective {
    private final CyclicBarrier barrier;
    private INDArray total;
    private double number = Double.NaN;

    ThreadCollective(int workers) {
        barrier = new CyclicBarrier(workers);
    }

    @Override
    public void sum(INDArray x) {
        synchronized (this) {
            total = total == null ? x.dup() : total.addi(x);
        }
        await();
        x.assign(total);
        await();
        synchronized (this) {
            total = null;
        }
        await();
    }

    @Override
    public double sum(double x) {
        return combine(x, true);
    }

    @Override
    public double max(double x) {
        return combine(x, false);
    }

    private double combine(double x, boolean sum) {
        synchronized (this) {
            number = Double.isNaN(number) ? x : sum ? number + x : Math.max(number, x);
        }
        await();
        double result = number;
        await();
        synchronized (this) {
            number = Double.NaN;
        }
        await();
        return result;
    }

    private void await() {
        try {
            barrier.await(1, TimeUnit.MINUTES);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new IllegalStateException("a worker is missing", e);
        }
    }
}
