package io.dino4j.train.sweep;

import io.dino4j.data.Progress;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** How all candidates stand at this moment. Several threads use it. */
final class Standing {
    private final SweepConfig config;
    private final long steps;
    private final Progress progress;
    private final Map<Integer, CandidateResult> results = new TreeMap<>();
    private final Map<Integer, NavigableMap<Long, Double>> curves = new TreeMap<>();
    private final Map<Integer, Double> shares = new TreeMap<>();

    /**
     * Nothing is known yet.
     *
     * @param steps of a candidate, for the progress
     */
    Standing(SweepConfig config, long steps, Progress progress) {
        this.config = config;
        this.steps = Math.min(steps, config.stop().steps().orElse(steps));
        this.progress = progress;
    }

    /** Begins with this many candidates that have their results already. */
    void begin(int recorded) {
        if (recorded > 0) {
            progress.say("%d of %d candidates are done already".formatted(recorded, config.candidates()));
        }
        progress.begin("steps of all candidates", recorded * steps, config.candidates() * steps);
    }

    /** A result that was on disk. */
    synchronized void known(CandidateResult result) {
        results.put(result.index(), result);
        curves.put(result.index(), result.curve());
        shares.put(result.index(), 1.0);
    }

    /** Someone to follow a candidate that begins. */
    Follower follow(Candidate candidate) {
        progress.say("candidate %d: %s".formatted(candidate.index(), String.join(" ", candidate.assignments())));
        return new Follower(candidate, config.stop(), this);
    }

    /** A candidate has come this far, 0 to 1. */
    synchronized void at(int index, double share) {
        shares.put(index, share);
        double sum = shares.values().stream().mapToDouble(s -> s).sum();
        progress.advance(Math.round(sum * steps), Map.of());
    }

    /** Keeps the curve of a candidate. */
    synchronized void curve(int index, NavigableMap<Long, Double> curve) {
        curves.put(index, new TreeMap<>(curve));
    }

    /** The curves of all candidates but one. */
    synchronized List<NavigableMap<Long, Double>> others(int index) {
        return curves.entrySet().stream()
                .filter(e -> e.getKey() != index)
                .map(Map.Entry::getValue)
                .toList();
    }

    /** A candidate has its result: tells of it. */
    synchronized void ended(CandidateResult result) {
        known(result);
        at(result.index(), 1);
        String score = result.score().isPresent()
                ? "k-NN %s after %d steps"
                        .formatted(Leaderboard.percent(result.score().getAsDouble()), result.steps())
                : "no score";
        String best = board().best()
                .map(b -> "best so far: candidate %d, %s"
                        .formatted(b.index(), Leaderboard.percent(b.score().orElseThrow())))
                .orElse("none has a score yet");
        String note = result.note().isEmpty() ? "" : " (" + result.note() + ")";
        progress.say("candidate %d %s: %s%s; %s"
                .formatted(result.index(), result.status().text(), score, note, best));
    }

    /** Candidates that have their results. */
    synchronized Leaderboard board() {
        return Leaderboard.of(results.values());
    }
}
