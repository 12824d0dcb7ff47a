package io.dino4j.train;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Backend;
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
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The model on every device of this process: one replica each, with as many ranks of the step. All read the same parameters, which are there
 * once; each has gradients of its own, which are summed in the order of the devices. Where devices are cards, each has the parameters for
 * itself, and those of the first are copied to the others before every step. No card has run that.
 */
final class Replicas implements AutoCloseable {
    private final DeviceThreads threads;
    private final ThreadCollective collective;
    private final List<SslModel> models;
    private final int batches; // micro-batches of a device
    private final Backend backend;

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
        backend = Backend.loaded();
        batches = step.microBatches();
        collective = new ThreadCollective(devices, others);
        threads = new DeviceThreads(devices, Math.max(1, KernelThreads.all() / devices), collective::abort);
        ModelParameters parameters = ModelParameters.zeros(step, precision.parameters());
        models = threads.run(d -> new SslModel(
                step,
                precision,
                providers,
                sums(d, others),
                recomputeBlocks,
                d > 0 && backend.hasCards() ? ModelParameters.zeros(step, precision.parameters()) : parameters));
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
        distribute();
        List<Map<String, Double>> parts = threads.run(
                d -> models.get(d).forwardBackward(inputs(in.subList(d * batches, (d + 1) * batches)), teacherTemp));
        Map<String, Double> losses = new LinkedHashMap<>(parts.get(0));
        for (int d = 1; d < models.size(); d++) {
            parts.get(d).forEach((name, value) -> losses.merge(name, value, Double::sum));
        }
        sumGradients();
        return losses;
    }

    /** Adds the gradients of all devices to those of the first, in their order; every device does a part. */
    private void sumGradients() {
        if (models.size() == 1) {
            return;
        }
        long length = gradients().layout().length();
        if (backend.hasCards()) {
            addOthers(0, length);
            return;
        }
        threads.run(d -> {
            addOthers(length * d / models.size(), length * (d + 1) / models.size());
            return d;
        });
    }

    private void addOthers(long from, long to) {
        INDArrayIndex part = NDArrayIndex.interval(from, to);
        INDArray sum = gradients().vector().get(part);
        for (int d = 1; d < models.size(); d++) {
            INDArray own = models.get(d).gradients().vector();
            backend.toHost(own);
            sum.addi(backend.here(own).get(part));
        }
    }

    /** Brings every device's parameters up to date, if it has them for itself. */
    private void distribute() {
        if (!backend.hasCards() || models.size() == 1) {
            return;
        }
        List<INDArray> current = vectors(first());
        current.forEach(backend::toHost);
        threads.run(d -> {
            List<INDArray> own = d == 0 ? List.of() : vectors(models.get(d));
            for (int i = 0; i < own.size(); i++) {
                backend.copy(current.get(i), own.get(i));
            }
            return d;
        });
    }

    private static List<INDArray> vectors(SslModel model) {
        return List.of(
                model.student().vector(),
                model.average().vector(),
                model.teacher().vector());
    }

    /** Batches are written by processors, whatever computes. */
    private List<StepInputs> inputs(List<StepInputs> in) {
        return backend.hasCards() ? in.stream().map(b -> b.on(backend)).toList() : in;
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
