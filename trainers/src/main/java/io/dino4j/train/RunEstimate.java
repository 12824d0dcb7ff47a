package io.dino4j.train;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a run will need.
 *
 * @param backboneParameters trained parameters of the backbone
 * @param headParameters trained parameters of the heads
 * @param phases its phases, in order; at least one
 */
public record RunEstimate(long backboneParameters, long headParameters, List<Phase> phases) {
    /**
     * One phase.
     *
     * @param title what the progress calls it
     * @param steps number of steps
     * @param imagesPerStep images in a step
     * @param flopsPerStep floating-point operations of a step, additions and multiplications counted apart
     * @param memory bytes at the worst moment, by kind
     * @param time what was measured; empty before it is
     */
    public record Phase(
            String title, long steps, int imagesPerStep, double flopsPerStep, MemoryNeed memory, Optional<Time> time) {
        /** Seconds of the whole phase; empty before anything is measured. */
        public Optional<Double> seconds() {
            return time.map(t -> steps * t.perStep + t.evaluations);
        }
    }

    /**
     * Where the time goes.
     *
     * @param perStep seconds of a step, the loader working beside it
     * @param evaluations seconds of all k-NN evaluations of the phase
     */
    public record Time(double perStep, double evaluations) {}

    /** The most memory that a phase needs. */
    public MemoryNeed memory() {
        return phases.stream()
                .map(Phase::memory)
                .max(Comparator.comparingLong(MemoryNeed::total))
                .orElseThrow();
    }

    /** Seconds of the run; empty before anything is measured. */
    public Optional<Double> seconds() {
        return phases.stream()
                .map(Phase::seconds)
                .reduce(Optional.of(0.0), (a, s) -> a.flatMap(x -> s.map(y -> x + y)));
    }
}
