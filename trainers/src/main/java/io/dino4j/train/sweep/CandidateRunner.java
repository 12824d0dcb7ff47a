package io.dino4j.train.sweep;

import java.io.IOException;
import java.util.NavigableMap;

/** Trains candidates, several at a time if the sweep says so. */
public interface CandidateRunner {
    /** Who follows a candidate while it trains. Called by the thread that runs it. */
    interface Watch {
        /** Steps are done. */
        void at(long step);

        /**
         * Accuracies are known.
         *
         * @param curve all so far, from 0 to 1, by step
         * @return true to go on, false to end this candidate now
         */
        boolean goesOn(NavigableMap<Long, Double> curve);
    }

    /** How it ended. */
    enum Ending {
        /** All its steps are done. */
        DONE,
        /** The watch ended it. */
        ENDED,
        /** It cannot be trained. */
        FAILED,
        /** {@link CandidateRunner#stop} ended it: it can be gone on with. */
        INTERRUPTED
    }

    /**
     * What came of it.
     *
     * @param ending how it ended
     * @param reason one line if it failed, else empty
     */
    record Outcome(Ending ending, String reason) {}

    /**
     * Trains a candidate, or goes on with it, until it is done or the watch ends it.
     *
     * @throws IOException if its folder cannot be used: that ends the sweep
     */
    Outcome run(Candidate candidate, Watch watch) throws IOException;

    /** Ends all candidates that run, from another thread, so that they can be gone on with. */
    void stop();
}
