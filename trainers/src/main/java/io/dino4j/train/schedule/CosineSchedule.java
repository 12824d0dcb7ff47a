package io.dino4j.train.schedule;

/**
 * Linear warm-up, then half a cosine, then constant (upstream utils/utils.py, {@code CosineScheduler}).
 * <p>Both ends of the warm-up are included, as in {@code numpy.linspace}: the last warm-up step already has the base
 * value, and so has the first step of the cosine. The cosine is {@code final + (base − final)/2 · (1 + cos(π·i/n))},
 * {@code i = 0..n−1}, so the final value itself is reached only past the end.
 *
 * @param base value after the warm-up
 * @param last value past the end
 * @param total steps of the run, at least {@code warmup}
 * @param warmup steps of the warm-up
 * @param start value at step 0, if there is a warm-up
 */
public record CosineSchedule(double base, double last, long total, long warmup, double start) implements Schedule {
    /** Checks the lengths. */
    public CosineSchedule {
        if (warmup < 0 || total < warmup) {
            throw new IllegalArgumentException(
                    "a warm-up of %d steps does not fit a run of %d".formatted(warmup, total));
        }
    }

    @Override
    public double at(long step) {
        if (step >= total) {
            return last;
        }
        if (step < warmup) {
            if (warmup == 1) {
                return start;
            }
            return step == warmup - 1 ? base : start + step * ((base - start) / (warmup - 1));
        }
        double part = Math.PI * (step - warmup) / (total - warmup);
        return last + 0.5 * (base - last) * (1 + Math.cos(part));
    }
}
