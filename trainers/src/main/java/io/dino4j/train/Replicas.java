package io.dino4j.train;

import io.dino4j.graph.Precision;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.KernelThreads;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.train.parallel.DeviceThreads;
import io.dino4j.train.parallel.ThreadCollective;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The model on every device of this process: one replica each, with as many ranks of the step. All read the same parameters, which are there
 * once; each has gradients of its own, which are summed in the order of the devices.
 */
final class Replicas implements AutoCloseable {
    private final DeviceThreads threads;
    private final ThreadCollective collective;
    private final List<SslModel> models;
    private final int batches; // micro-batches of a device

    /**
     * Compiles a replica on every device.
     *
     * @param step what one device works out
     * @param devices how many; 1 works on the calling thread with all its threads
     * @param others what joins this process with others
     */
    Replicas(
            SslConfig step,
            Precision precision,
            List<KernelProvider> providers,
            int devices,
            Collective others,
            boolean recomputeBlocks) {
        ModelParameters parameters = ModelParameters.zeros(step, precision.parameters());
        batches = step.microBatches();
        collective = new ThreadCollective(devices, others);
        threads = new DeviceThreads(devices, Math.max(1, KernelThreads.all() / devices), collective::abort);
        models = threads.run(
                d -> new SslModel(step, precision, providers, sums(d, others), recomputeBlocks, parameters));
    }

    private Collective sums(int device, Collective others) {
        return threads.count() == 1 ? others : collective.device(device);
    }

    /** The replica of the first device, whose part of the targets and features stands for all. */
    SslModel first() {
        return models.get(0);
    }

    /** The replica of every device. */
    List<SslModel> all() {
        return models;
    }

    /** Tells somebody of gradients that are final during the backward pass; those of several devices are not before its end. */
    void tell(GradientListener told) {
        if (models.size() == 1) {
            first().tell(told);
        }
    }

    /** See {@link SslModel#freezeBackbone}. */
    void freezeBackbone(boolean freeze) {
        onAll(model -> {
            model.freezeBackbone(freeze);
            return 0;
        });
    }

    private <T> List<T> onAll(Function<SslModel, T> work) {
        return threads.run(d -> work.apply(models.get(d)));
    }

    /**
     * Targets, losses and gradients of a step.
     *
     * @param in the micro-batches of all ranks that are here, rank by rank
     * @return the sums over all devices: every term, in the order of the objective, and {@code loss}
     */
    Map<String, Double> forwardBackward(List<StepInputs> in, double teacherTemp) {
        List<Map<String, Double>> parts = threads.run(
                d -> models.get(d).forwardBackward(in.subList(d * batches, (d + 1) * batches), teacherTemp));
        Map<String, Double> losses = new LinkedHashMap<>(parts.get(0));
        for (int d = 1; d < models.size(); d++) {
            parts.get(d).forEach((name, value) -> losses.merge(name, value, Double::sum));
            gradients().vector().addi(models.get(d).gradients().vector());
        }
        return losses;
    }

    /** The gradients of the last step, summed over all devices. */
    ParameterVector gradients() {
        return first().gradients();
    }

    @Override
    public void close() {
        models.forEach(SslModel::close);
        threads.close();
    }
}
