package io.dino4j.data.crop;

import io.dino4j.data.image.Range;
import java.util.random.RandomGenerator;

/**
 * Gives masks to the global crops of a batch. Of the {@code slots} crops {@code k = int(slots * probability)} are
 * masked; the range of ratios is cut into k equal parts {@code p₀ … p_k}, and masked crop i gets a request for {@code
 * int(n * u)} patches with u uniform in {@code pᵢ … pᵢ₊₁}. Then everything is shuffled.
 *
 * <p>The sum of {@code int(n * pᵢ₊₁)} bounds the masked patches of any batch and depends on the sizes only: it is the
 * static length of the index arrays. Ratios are float32, as upstream's; double would change some of the truncations.
 *
 * @see <a href="https://github.com/facebookresearch/dinov2">upstream data/collate.py</a>
 */
public final class MaskCollator {
    private final int slots;
    private final int patches;
    private final float[] ratios;

    /**
     * Computes the ratios.
     *
     * @param slots global crops of a batch, 2B
     * @param patches n, patches of a global crop
     * @param probability share of the crops that is masked, 0 to 1
     * @param ratio share of the patches that is masked in those
     */
    public MaskCollator(int slots, int patches, double probability, Range ratio) {
        if (slots < 0 || patches <= 0 || !(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException(
                    "cannot mask %d crops of %d patches with probability %s".formatted(slots, patches, probability));
        }
        this.slots = slots;
        this.patches = patches;
        ratios = linspace((float) ratio.min(), (float) ratio.max(), (int) (slots * probability) + 1);
    }

    /**
     * Masked crops per batch.
     *
     * @return k
     */
    public int maskedSlots() {
        return ratios.length - 1;
    }

    /**
     * Most patches that can be requested for each masked crop.
     *
     * @return (k) numbers {@code int(n * pᵢ₊₁)}
     */
    public int[] slotUpper() {
        int[] upper = new int[maskedSlots()];
        for (int i = 0; i < upper.length; i++) {
            upper[i] = (int) (patches * ratios[i + 1]);
        }
        return upper;
    }

    /**
     * Most masked patches of a batch.
     *
     * @return sum of {@link #slotUpper()}
     */
    public int upperBound() {
        int sum = 0;
        for (int upper : slotUpper()) {
            sum += upper;
        }
        return sum;
    }

    /**
     * Turns random numbers into requests.
     *
     * @param uniforms (k) numbers from 0 to 1
     * @return (slots) requested patches: those of the masked crops, then zeros
     */
    public int[] requested(double[] uniforms) {
        if (uniforms.length != maskedSlots()) {
            throw new IllegalArgumentException(
                    "expected %d random numbers, got %d".formatted(maskedSlots(), uniforms.length));
        }
        int[] requested = new int[slots];
        int[] upper = slotUpper();
        for (int i = 0; i < uniforms.length; i++) {
            float ratio = ratios[i] + (ratios[i + 1] - ratios[i]) * (float) uniforms[i];
            requested[i] = Math.min(upper[i], (int) (patches * ratio)); // rounding must not break the bound
        }
        return requested;
    }

    /**
     * Distributes masks over the crops and lists the masked patches.
     *
     * @param generated (slots, n) masks in the order of {@link #requested}
     * @param permutation slot i receives mask {@code permutation[i]}
     * @return the batch's masks
     */
    public MaskSet collate(boolean[][] generated, int[] permutation) {
        int total = 0;
        for (boolean[] mask : generated) {
            total += count(mask);
        }
        float[] masks = new float[slots * patches];
        int[] indices = new int[total];
        float[] weights = new float[total];
        int at = 0;
        for (int slot = 0; slot < slots; slot++) {
            boolean[] mask = generated[permutation[slot]];
            float weight = 1f / Math.max(1, count(mask));
            for (int p = 0; p < patches; p++) {
                if (mask[p]) {
                    masks[slot * patches + p] = 1;
                    indices[at] = slot * patches + p;
                    weights[at++] = weight;
                }
            }
        }
        return new MaskSet(masks, indices, weights);
    }

    /**
     * Draws the masks of a batch.
     *
     * @param block draws one mask
     * @param rng source of every random choice
     * @return the batch's masks
     */
    public MaskSet draw(BlockMask block, RandomGenerator rng) {
        double[] uniforms = new double[maskedSlots()];
        for (int i = 0; i < uniforms.length; i++) {
            uniforms[i] = rng.nextDouble();
        }
        int[] requested = requested(uniforms);
        boolean[][] generated = new boolean[slots][];
        for (int i = 0; i < slots; i++) {
            generated[i] = block.generate(requested[i], rng);
        }
        return collate(generated, Permutation.draw(slots, rng));
    }

    private static int count(boolean[] mask) {
        int count = 0;
        for (boolean masked : mask) {
            count += masked ? 1 : 0;
        }
        return count;
    }

    /** Equal steps in float32, counted from the nearer end and rounded once, as PyTorch's compiled code does it. */
    private static float[] linspace(float start, float end, int length) {
        float[] points = new float[length];
        float step = length > 1 ? (end - start) / (length - 1) : 0;
        for (int i = 0; i < length; i++) {
            points[i] = i < length / 2 ? Math.fma(step, i, start) : Math.fma(-step, length - 1 - i, end);
        }
        return points;
    }
}
