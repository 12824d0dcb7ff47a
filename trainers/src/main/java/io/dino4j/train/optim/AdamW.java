package io.dino4j.train.optim;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.schedule.Hyper;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * AdamW with decoupled weight decay, and the student's moving average in the same pass over memory:
 * <pre>
 * g ← factor·g
 * p ← p·(1 − lr·wd)
 * m ← β₁m + (1−β₁)g        v ← β₂v + (1−β₂)g²
 * p ← p − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)
 * average ← μ·average + (1−μ)·p
 * </pre>
 * {@code lr} and {@code wd} are the step's values times the parameter's multipliers; the prototypes have a learning rate
 * of their own. Moments also move where the learning rate is 0, as in PyTorch. A sub-network that is {@link #freeze frozen} is left alone
 * altogether, moments and average too, and {@code t} is the number of updates that it has had itself: its moments start from zero when it
 * thaws, and only the correction for that many updates makes their averages unbiased. With the count of the others its first steps would be
 * about {@code (1−β₁)/√(1−β₂)} times as long as they should be, three times at PyTorch's constants.
 *
 * @see <a href="https://arxiv.org/abs/1711.05101">Decoupled weight decay regularization</a>; torch.optim.AdamW
 */
public final class AdamW {
    /**
     * Constants.
     *
     * @param beta1 decay of the first moment, 0 (inclusive) to 1 (exclusive)
     * @param beta2 decay of the second moment, likewise
     * @param epsilon added to the denominator, above 0
     */
    public record Constants(double beta1, double beta2, double epsilon) {
        /** PyTorch's, which are upstream's: 0.9, 0.999, 1e-8. */
        public static final Constants DEFAULT = new Constants(0.9, 0.999, 1e-8);

        /** Checks the ranges. */
        public Constants {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0)) {
                throw new IllegalArgumentException("betas must lie in [0, 1) and epsilon above 0, got %s, %s, %s"
                        .formatted(beta1, beta2, epsilon));
            }
        }
    }

    private final ParameterGroups groups;
    private final Constants constants;
    private final Workers workers;
    private final Blocks blocks;
    private final float[][][] buffers;
    private final ParameterVector first;
    private final ParameterVector second;
    private final FloatPointer[] firstPointers;
    private final FloatPointer[] secondPointers;
    private final PointerCache students;
    private final PointerCache gradientPointers;
    private final PointerCache averages;
    private final float[] decay; // per range: 1 − lr·wd
    private final float[] rate; // per range: lr / (1 − β₁ᵗ)
    private final float[] denominator; // per range: 1 / √(1 − β₂ᵗ)
    private final float[] scale; // per range: clipping factor
    private final long[] frozenFor; // per sub-network: updates that pass it by at the start
    private long steps;

    /**
     * An optimiser with moments of zero.
     *
     * @param groups the layout and its multipliers
     * @param constants betas and epsilon
     * @param workers who updates
     */
    public AdamW(ParameterGroups groups, Constants constants, Workers workers) {
        int ranges = groups.ranges().size();
        this.groups = groups;
        this.constants = constants;
        this.workers = workers;
        this.blocks = new Blocks(groups.ranges());
        this.buffers = Blocks.buffers(workers.threads(), 5);
        this.first = ParameterVector.zeros(groups.layout(), DataType.FLOAT);
        this.second = ParameterVector.zeros(groups.layout(), DataType.FLOAT);
        this.firstPointers = Blocks.pointers(first, workers.threads());
        this.secondPointers = Blocks.pointers(second, workers.threads());
        this.students = new PointerCache(workers.threads());
        this.gradientPointers = new PointerCache(workers.threads());
        this.averages = new PointerCache(workers.threads());
        this.decay = new float[ranges];
        this.rate = new float[ranges];
        this.denominator = new float[ranges];
        this.scale = new float[ranges];
        this.frozenFor = new long[groups.subNetworks().size()];
    }

    /** First moment; a checkpoint saves it and restores into it. */
    public ParameterVector firstMoment() {
        return first;
    }

    /** Second moment; a checkpoint saves it and restores into it. */
    public ParameterVector secondMoment() {
        return second;
    }

    /**
     * Leaves a sub-network as it is in the first updates of a run. What is frozen depends on the number of updates alone, so that nothing
     * of it needs to be saved.
     *
     * @param subNetwork such as {@code backbone}
     * @param updates how many pass it by
     */
    public void freeze(String subNetwork, long updates) {
        int i = groups.subNetworks().indexOf(subNetwork);
        if (i < 0 || updates < 0) {
            throw new IllegalArgumentException("cannot freeze '%s' for %d updates; there are %s"
                    .formatted(subNetwork, updates, groups.subNetworks()));
        }
        frozenFor[i] = updates;
    }

    /** Updates made so far; t of the bias correction where nothing was frozen. */
    public long steps() {
        return steps;
    }

    /** Sets the number of updates made so far, when the moments are restored. */
    public void restoreSteps(long updates) {
        if (updates < 0) {
            throw new IllegalArgumentException("updates must be 0 or more, got " + updates);
        }
        steps = updates;
    }

    /**
     * One update of the student and its average.
     *
     * @param student parameters, written
     * @param gradients of this step, before clipping; read only
     * @param clipping from {@link GradientClip#measure} of the same gradients
     * @param average moving average of the student, written
     * @param now learning rates, weight decay and momentum of this step
     */
    public void update(
            ParameterVector student,
            ParameterVector gradients,
            GradientClip.Clipping clipping,
            ParameterVector average,
            Hyper now) {
        requireLayout("student", student);
        requireLayout("gradients", gradients);
        requireLayout("average", average);
        steps++;
        prepare(clipping, now);
        float momentum = (float) now.momentum();
        float share = (float) (1 - now.momentum());
        List<ParameterVector> written = List.of(student, average, first, second);
        written.forEach(HostCopy::read);
        HostCopy.read(gradients);
        FloatPointer[] p = students.of(student);
        FloatPointer[] g = gradientPointers.of(gradients);
        FloatPointer[] t = averages.of(average);
        workers.run(blocks.count(), (worker, block) -> {
            int range = blocks.range(block);
            if (isFrozen(range)) {
                return;
            }
            float[][] buffer = buffers[worker];
            long from = blocks.from(block);
            int n = blocks.length(block);
            p[worker].position(from).get(buffer[0], 0, n);
            g[worker].position(from).get(buffer[1], 0, n);
            firstPointers[worker].position(from).get(buffer[2], 0, n);
            secondPointers[worker].position(from).get(buffer[3], 0, n);
            t[worker].position(from).get(buffer[4], 0, n);
            moments(buffer[1], buffer[2], buffer[3], n, scale[range]);
            step(buffer[0], buffer[2], buffer[3], n, decay[range], rate[range], denominator[range]);
            Ema.average(buffer[4], buffer[0], n, momentum, share);
            p[worker].put(buffer[0], 0, n);
            firstPointers[worker].put(buffer[2], 0, n);
            secondPointers[worker].put(buffer[3], 0, n);
            t[worker].put(buffer[4], 0, n);
        });
        written.forEach(HostCopy::written);
    }

    private boolean isFrozen(int range) {
        return steps <= frozenFor[groups.ranges().get(range).subNetwork()];
    }

    private void prepare(GradientClip.Clipping clipping, Hyper now) {
        List<ParameterGroups.Range> ranges = groups.ranges();
        for (int r = 0; r < ranges.size(); r++) {
            ParameterGroups.Range range = ranges.get(r);
            if (isFrozen(r)) {
                continue;
            }
            long updates = steps - frozenFor[range.subNetwork()];
            double lr = (range.lastLayer() ? now.lastLayerLr() : now.lr()) * range.lrMultiplier();
            decay[r] = (float) (1 - lr * now.weightDecay() * range.wdMultiplier());
            rate[r] = (float) (lr / (1 - Math.pow(constants.beta1(), updates)));
            denominator[r] = (float) (1 / Math.sqrt(1 - Math.pow(constants.beta2(), updates)));
            scale[r] = (float) clipping.factors()[range.subNetwork()];
        }
    }

    private void moments(float[] g, float[] m, float[] v, int n, float factor) {
        float b1 = (float) constants.beta1();
        float c1 = (float) (1 - constants.beta1());
        float b2 = (float) constants.beta2();
        float c2 = (float) (1 - constants.beta2());
        for (int i = 0; i < n; i++) {
            float x = g[i] * factor;
            m[i] = b1 * m[i] + c1 * x;
            v[i] = b2 * v[i] + c2 * (x * x);
        }
    }

    private void step(float[] p, float[] m, float[] v, int n, float shrink, float lr, float denominator) {
        float epsilon = (float) constants.epsilon();
        for (int i = 0; i < n; i++) {
            p[i] = p[i] * shrink - lr * (m[i] / ((float) Math.sqrt(v[i]) * denominator + epsilon));
        }
    }

    private void requireLayout(String what, ParameterVector vector) {
        ParameterLayout wanted = groups.layout();
        if (vector.layout() != wanted && !vector.layout().names().equals(wanted.names())) {
            throw new IllegalArgumentException("%s has another layout than the optimiser: %d and %d parameters"
                    .formatted(
                            what, vector.layout().names().size(), wanted.names().size()));
        }
    }
}
