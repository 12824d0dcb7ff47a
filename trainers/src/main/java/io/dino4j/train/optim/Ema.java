package io.dino4j.train.optim;

import io.dino4j.graph.param.ParameterVector;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Moving average {@code teacher ← μ·teacher + (1−μ)·student} as a pass of its own, for averages beside the teacher's;
 * {@link AdamW#update} makes the teacher's along the way, with the same numbers.
 */
public final class Ema {
    private final Workers workers;
    private final Blocks blocks;
    private final float[][][] buffers;
    private final PointerCache averages;
    private final PointerCache sources;

    /**
     * Averaging for vectors of a length.
     *
     * @param length elements of the vectors
     * @param workers who averages
     */
    public Ema(long length, Workers workers) {
        this(List.of(new ParameterGroups.Range(0, length, 0, 1, 1, false)), workers);
    }

    /**
     * Averaging of some ranges of a vector; the others stay as they are.
     *
     * @param ranges which
     * @param workers who averages
     */
    public Ema(List<ParameterGroups.Range> ranges, Workers workers) {
        this.workers = workers;
        this.blocks = new Blocks(ranges);
        this.buffers = Blocks.buffers(workers.threads(), 2);
        this.averages = new PointerCache(workers.threads());
        this.sources = new PointerCache(workers.threads());
    }

    /**
     * Moves an average towards a vector.
     *
     * @param average written
     * @param source read
     * @param momentum μ, 0 to 1; 1 leaves the average as it is
     */
    public void update(ParameterVector average, ParameterVector source, double momentum) {
        HostCopy.read(average);
        HostCopy.read(source);
        FloatPointer[] a = averages.of(average);
        FloatPointer[] s = sources.of(source);
        float keep = (float) momentum;
        float share = (float) (1 - momentum);
        workers.run(blocks.count(), (worker, block) -> {
            float[][] buffer = buffers[worker];
            int n = blocks.length(block);
            a[worker].position(blocks.from(block)).get(buffer[0], 0, n);
            s[worker].position(blocks.from(block)).get(buffer[1], 0, n);
            average(buffer[0], buffer[1], n, keep, share);
            a[worker].put(buffer[0], 0, n);
        });
        HostCopy.written(average);
    }

    static void average(float[] average, float[] source, int n, float keep, float share) {
        for (int i = 0; i < n; i++) {
            average[i] = keep * average[i] + share * source[i];
        }
    }
}
