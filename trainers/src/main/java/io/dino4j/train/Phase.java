package io.dino4j.train;

import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.checkpoint.RunState;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import java.util.Optional;

/**
 * A stretch of a run with a configuration of its own. Steps are counted through the whole run.
 *
 * @param run the configuration of the whole run
 * @param number 0 for the first
 * @param config what holds in it
 * @param first number of its first step
 */
record Phase(RunConfig run, int number, RunConfig config, long first) {
    /** One phase of a run. */
    static Phase of(RunConfig run, int number) {
        return new Phase(run, number, run.phase(number), run.stepsBefore(number));
    }

    /**
     * The phase to go on with: that of the newest checkpoint, or the next one if it is done.
     *
     * @throws ConfigException if the configuration has fewer phases or steps than are done
     */
    static Phase after(RunConfig run, Optional<Checkpoint> newest) {
        if (newest.isEmpty()) {
            return of(run, 0);
        }
        RunState state = newest.get().state();
        if (state.phase() >= run.phaseCount()) {
            throw new ConfigException("phases lists %d, but the run is in phase %d already"
                    .formatted(run.phases().size(), state.phase()));
        }
        Phase phase = of(run, state.phase());
        if (phase.first != state.phaseStart()) {
            throw new ConfigException(
                    "the phases before '%s' have %d steps now, but the run left them at step %d; give them the epochs they had"
                            .formatted(phase.title(), phase.first, state.phaseStart()));
        }
        newest.get().requireConfig(phase.config.hash());
        if (state.step() > phase.end()) {
            throw new ConfigException("optim.epochs is %d, which is %d steps, but the run has done %d already; raise it"
                    .formatted(phase.config.optim().epochs(), phase.config.totalSteps(), state.step() - phase.first));
        }
        return state.step() == phase.end() && !phase.isLast() ? of(run, state.phase() + 1) : phase;
    }

    /** Number of the step after its last. */
    long end() {
        return first + config.totalSteps();
    }

    boolean isLast() {
        return number == run.phaseCount() - 1;
    }

    /** Its name for people. */
    String title() {
        return run.phaseName(number);
    }

    /** What the progress calls it. */
    String task() {
        return run.phases().isEmpty() ? "training" : title();
    }

    /** A step of the run as a step of this phase: what schedules are functions of. */
    long local(long step) {
        return step - first;
    }

    /** The request of this phase: its configuration, and images measured at its size. */
    Pretrainer.Request request(Pretrainer.Request run) {
        return new Pretrainer.Request(
                config,
                run.images(),
                run.probe().map(p -> p.at(Recipe.evaluation(config))),
                run.directory(),
                run.command(),
                run.providers(),
                run.topology());
    }
}
