package io.dino4j.train.parallel;

import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.kernel.Collective;
import java.util.Arrays;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Devices as threads of one process, which meet at a barrier. Sums are made in the order of the devices by each of them, so that all have the
 * same bits at every run. A device that fails calls {@link #abort}, and the others do not wait for it.
 */
public final class ThreadCollective {
    private final CyclicBarrier barrier;
    private final INDArray[] arrays;
    private final double[] numbers;
    private final Collective others;
    private final Backend backend = Backend.loaded();

    /**
     * For a number of devices.
     *
     * @param devices at least 1
     * @param others what joins this process with others; asked by the first device, once for all
     */
    public ThreadCollective(int devices, Collective others) {
        this.barrier = new CyclicBarrier(devices);
        this.arrays = new INDArray[devices];
        this.numbers = new double[devices];
        this.others = others;
    }

    /** The view of one device, for its thread. */
    public Collective device(int number) {
        return new Device(number);
    }

    /** Wakes all devices that wait, with a {@link DeviceFailedException}. */
    public void abort() {
        barrier.reset();
    }

    private void await() {
        try {
            barrier.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for another device", e);
        } catch (BrokenBarrierException e) {
            throw new DeviceFailedException();
        }
    }

    /** Another device has failed; its own error tells why. */
    public static final class DeviceFailedException extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        DeviceFailedException() {
            super("another device has failed");
        }
    }

    private final class Device implements Collective {
        private final int number;
        private INDArray total;

        Device(int number) {
            this.number = number;
        }

        @Override
        public void sum(INDArray x) {
            backend.toHost(x); // where the others can read it if devices are cards
            arrays[number] = x;
            await();
            if (total == null || total.length() != x.length() || total.dataType() != x.dataType()) {
                total = x.like();
            }
            total.assign(of(0));
            for (int d = 1; d < arrays.length; d++) {
                total.addi(of(d));
            }
            await(); // nobody reads what the others are about to overwrite
            if (number == 0) {
                others.sum(total);
                backend.toHost(total);
                arrays[0] = total;
            }
            await();
            x.assign(of(0));
            await();
        }

        private INDArray of(int device) {
            return device == number ? arrays[device] : backend.here(arrays[device]);
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
            numbers[number] = x;
            await();
            if (number == 0) {
                double own = sum
                        ? Arrays.stream(numbers).reduce(0, Double::sum)
                        : Arrays.stream(numbers).max().orElseThrow();
                numbers[0] = sum ? others.sum(own) : others.max(own);
            }
            await();
            double result = numbers[0];
            await();
            return result;
        }
    }
}
