package io.dino4j.train.schedule;

/** A value for every step, counted from 0. */
@FunctionalInterface
public interface Schedule {
    /** The value at a step; steps past the end are allowed. */
    double at(long step);

    /**
     * Holds a value in the first steps and follows this schedule after them, without shifting it.
     *
     * @param steps how many steps to hold; as upstream's array, past {@code total} it holds nothing
     * @param value what to hold
     * @param total length of the run
     */
    default Schedule heldAt(double value, long steps, long total) {
        return step -> step < Math.min(steps, total) ? value : at(step);
    }
}
