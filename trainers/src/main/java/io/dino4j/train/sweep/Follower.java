package io.dino4j.train.sweep;

import io.dino4j.train.sweep.CandidateResult.Status;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** Follows one candidate while it trains, and ends it early if the rule says so. */
final class Follower implements CandidateRunner.Watch {
    private static final double MINUTE_NS = 60e9;

    private final Candidate candidate;
    private final StopRule rule;
    private final Standing standing;
    private final long total;
    private final long begun = System.nanoTime();
    private NavigableMap<Long, Double> curve = new TreeMap<>();
    private long step;
    private Status verdict = Status.FINISHED;
    private String note = "";

    Follower(Candidate candidate, StopRule rule, Standing standing) {
        this.candidate = candidate;
        this.rule = rule;
        this.standing = standing;
        this.total = Math.min(candidate.steps(), rule.steps().orElse(Long.MAX_VALUE));
    }

    @Override
    public void at(long now) {
        step = Math.max(step, now);
        standing.at(candidate.index(), Math.min(1, (double) step / total));
    }

    @Override
    public boolean goesOn(NavigableMap<Long, Double> now) {
        curve = new TreeMap<>(now);
        standing.curve(candidate.index(), curve);
        if (curve.isEmpty() || curve.lastKey() >= candidate.steps()) {
            return true; // it ends by itself
        }
        at(curve.lastKey());
        if (curve.lastKey() >= total) {
            return false;
        }
        if ((System.nanoTime() - begun) / MINUTE_NS >= rule.minutes().orElse(Double.MAX_VALUE)) {
            verdict = Status.STOPPED;
            note = "time is up";
            return false;
        }
        OptionalDouble median = rule.medianAbove(curve, standing.others(candidate.index()));
        if (median.isPresent()) {
            verdict = Status.STOPPED;
            note = "below the median %s at step %d"
                    .formatted(Leaderboard.percent(median.getAsDouble()), curve.lastKey());
            return false;
        }
        return true;
    }

    /** What came of it; empty if it was interrupted. */
    Optional<CandidateResult> result(CandidateRunner.Outcome outcome) {
        return switch (outcome.ending()) {
            case INTERRUPTED -> Optional.empty();
            case DONE -> Optional.of(result(Status.FINISHED, ""));
            case ENDED -> Optional.of(result(verdict, note));
            case FAILED -> Optional.of(result(Status.FAILED, outcome.reason()));
        };
    }

    private CandidateResult result(Status status, String why) {
        long steps = status == Status.FAILED || curve.isEmpty() ? step : curve.lastKey();
        return new CandidateResult(
                candidate.index(),
                candidate.assignments(),
                status,
                steps,
                (System.nanoTime() - begun) / 1e9,
                curve,
                why);
    }
}
