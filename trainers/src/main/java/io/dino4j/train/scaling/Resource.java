package io.dino4j.train.scaling;

/** Something that does one thing at a time, in the order in which it is asked: a core, a thread, one direction of a network card. */
final class Resource {
    private double free;
    private double busy;

    /**
     * Takes it.
     *
     * @param from earliest start
     * @param seconds how long
     * @return the end
     */
    double take(double from, double seconds) {
        free = Math.max(free, from) + seconds;
        busy += seconds;
        return free;
    }

    /** Keeps it from others until then, though it does nothing. */
    void hold(double until) {
        free = Math.max(free, until);
    }

    /** When whoever asks at a time would have it. */
    double start(double from) {
        return Math.max(free, from);
    }

    /** Seconds of work so far. */
    double busy() {
        return busy;
    }
}
