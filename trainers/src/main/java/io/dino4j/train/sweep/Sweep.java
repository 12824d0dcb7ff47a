package io.dino4j.train.sweep;

import io.dino4j.data.Progress;
import io.dino4j.data.file.Durable;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.arbiter.optimize.api.termination.TerminationCondition;
import org.deeplearning4j.arbiter.optimize.config.OptimizationConfiguration;
import org.deeplearning4j.arbiter.optimize.runner.IOptimizationRunner;
import org.deeplearning4j.arbiter.optimize.runner.LocalOptimizationRunner;

/**
 * A search for the configuration with the best k-NN accuracy, run by Arbiter's {@code LocalOptimizationRunner}. Every result is on disk before
 * the next candidate begins: a sweep that is interrupted at any moment, and run again, proposes the same candidates, takes the results that
 * are there, and goes on with the candidate that was running.
 */
public final class Sweep {
    private final Request request;
    private final CandidateRunner runner;
    private final Progress progress;
    private final Validity validity;
    private volatile boolean stopping;
    private volatile Optional<IOException> failure = Optional.empty();

    /**
     * What to do.
     *
     * @param config what is searched
     * @param images number of images to learn from
     * @param out folder of the results
     * @param force true to remove results of other settings in it
     * @param command how the program was started, for the record
     * @param versions of the program and what it runs on, for the record
     */
    public record Request(
            SweepConfig config, int images, Path out, boolean force, String command, Map<String, String> versions) {}

    /**
     * What came of it.
     *
     * @param board candidates that have a result
     * @param skipped combinations left out because the rules of the configuration forbid them
     * @param finished false if it was asked to stop before its end
     */
    public record Outcome(Leaderboard board, int skipped, boolean finished) {}

    /**
     * A sweep that has not begun.
     *
     * @throws ConfigException naming file and key if a value to be tried is impossible
     */
    public Sweep(Request request, CandidateRunner runner, Progress progress) {
        this.request = request;
        this.runner = runner;
        this.progress = progress;
        this.validity = new Validity(request.config(), request.images());
        validity.check();
    }

    /** Asks, from another thread, to end the candidates that run so that they can be gone on with, and to begin no others. */
    public void stop() {
        stopping = true;
        runner.stop();
    }

    /**
     * Searches to the end.
     *
     * @throws IllegalArgumentException if {@code out} holds something else, or a sweep with other settings
     * @throws IOException if results cannot be read or written
     */
    public Outcome run() throws IOException {
        SweepConfig config = request.config();
        try (SweepFolder folder = SweepFolder.open(request.out(), config.settings(), request.force())) {
            KnnScore score = new KnnScore();
            Proposals proposals = new Proposals(config, score, validity::fault);
            Standing standing = new Standing(config, steps(config, List.of()), progress);
            OptimizationConfiguration search = new OptimizationConfiguration.Builder()
                    .candidateGenerator(proposals)
                    .scoreFunction(score)
                    .terminationConditions(new End(proposals))
                    .build();
            CandidateTasks tasks = new CandidateTasks(
                    c -> result(folder, standing, proposals, c.index(), List.of(c.assignments())), this::fail);
            standing.begin(recorded(folder));
            new LocalOptimizationRunner(config.parallel(), search, tasks).execute();
            progress.end();
            if (failure.isPresent()) {
                throw failure.get();
            }
            Leaderboard board = standing.board();
            report(folder, board, proposals.skipped());
            return new Outcome(board, proposals.skipped(), !stopping);
        }
    }

    private void fail(IOException e) {
        failure = Optional.of(e);
        stop();
    }

    /** Arbiter asks it after each result; its own conditions wait for ever for a grid that holds fewer candidates. */
    private final class End implements TerminationCondition {
        private final Proposals proposals;

        private End(Proposals proposals) {
            this.proposals = proposals;
        }

        @Override
        public void initialize(IOptimizationRunner unused) {
            // there is no clock to start
        }

        @Override
        public boolean terminate(IOptimizationRunner unused) {
            return stopping || proposals.isDone();
        }
    }

    private int recorded(SweepFolder folder) throws IOException {
        int count = 0;
        while (count < request.config().candidates() && folder.result(count).isPresent()) {
            count++;
        }
        return count;
    }

    private long steps(SweepConfig config, List<String> assignments) {
        RunConfig c = config.layers(assignments).resolve(request.images());
        return c.stepsBefore(c.phaseCount());
    }

    /** The result of a candidate, from disk or from training it; empty if it was interrupted. */
    private Optional<CandidateResult> result(
            SweepFolder folder, Standing standing, Proposals proposals, int index, List<String> assignments)
            throws IOException {
        Optional<CandidateResult> known = folder.result(index);
        if (known.isPresent()) {
            if (!known.get().assignments().equals(assignments)) {
                throw new IOException("%s: candidate %d has %s, and should have %s; start anew with --force"
                        .formatted(request.out(), index, known.get().assignments(), assignments));
            }
            standing.known(known.get());
            return known;
        }
        if (stopping) {
            return Optional.empty();
        }
        Optional<CandidateResult> result = train(folder, standing, index, assignments);
        if (result.isPresent()) {
            synchronized (this) { // the reports are of all candidates
                folder.save(result.get());
                standing.ended(result.get());
                tidy(folder, standing.board());
                report(folder, standing.board(), proposals.skipped());
            }
        }
        return result;
    }

    private Optional<CandidateResult> train(SweepFolder folder, Standing standing, int index, List<String> assignments)
            throws IOException {
        SweepConfig config = request.config();
        Candidate candidate = new Candidate(
                index, assignments, config.layers(assignments).resolve(request.images()), folder.candidate(index));
        Durable.write(
                candidate.configFile(), draft -> config.config(assignments).write(draft));
        Follower follower = standing.follow(candidate);
        return follower.result(runner.run(candidate, follower));
    }

    /** Only the best candidate keeps its weights. */
    private static void tidy(SweepFolder folder, Leaderboard board) throws IOException {
        int best = board.best().map(CandidateResult::index).orElse(-1);
        for (CandidateResult c : board.candidates()) {
            if (c.index() != best) {
                folder.dropCheckpoints(c.index());
            }
        }
    }

    private void report(SweepFolder folder, Leaderboard board, int skipped) throws IOException {
        new SweepReport(request, board, skipped).write(folder.path());
    }
}
