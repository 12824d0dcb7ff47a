package io.dino4j.train.sweep;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.deeplearning4j.arbiter.optimize.api.Candidate;
import org.deeplearning4j.arbiter.optimize.api.OptimizationResult;
import org.deeplearning4j.arbiter.optimize.api.TaskCreator;
import org.deeplearning4j.arbiter.optimize.api.data.DataProvider;
import org.deeplearning4j.arbiter.optimize.api.data.DataSource;
import org.deeplearning4j.arbiter.optimize.api.score.ScoreFunction;
import org.deeplearning4j.arbiter.optimize.runner.CandidateInfo;
import org.deeplearning4j.arbiter.optimize.runner.CandidateStatus;
import org.deeplearning4j.arbiter.optimize.runner.IOptimizationRunner;
import org.deeplearning4j.arbiter.optimize.runner.listener.StatusListener;

/** Arbiter's tasks: one for each candidate. */
@SuppressWarnings("rawtypes") // Arbiter's interfaces are
final class CandidateTasks implements TaskCreator {
    /** A candidate as its generator made it. */
    record Proposal(int index, String[] assignments) {}

    /** Gets the result of a candidate; empty if it was interrupted. */
    @FunctionalInterface
    interface Work {
        Optional<CandidateResult> result(Proposal proposal) throws IOException;
    }

    private final Work work;
    private final Consumer<IOException> failure;

    /**
     * Tasks of a sweep.
     *
     * @param failure told of what ends the sweep
     */
    CandidateTasks(Work work, Consumer<IOException> failure) {
        this.work = work;
        this.failure = failure;
    }

    @Override
    @Deprecated
    public Callable<OptimizationResult> create(
            Candidate candidate,
            DataProvider dataProvider,
            ScoreFunction score,
            List<StatusListener> listeners,
            IOptimizationRunner runner) {
        return () -> run(candidate, score); // without a data source, the runner calls this one
    }

    @Override
    public Callable<OptimizationResult> create(
            Candidate candidate,
            Class<? extends DataSource> dataSource,
            Properties properties,
            ScoreFunction score,
            List<StatusListener> listeners,
            IOptimizationRunner runner) {
        return () -> run(candidate, score);
    }

    private OptimizationResult run(Candidate candidate, ScoreFunction score) {
        long begun = System.currentTimeMillis();
        Optional<CandidateResult> result = Optional.empty();
        try {
            result = work.result(new Proposal(candidate.getIndex(), (String[]) candidate.getValue()));
        } catch (IOException e) {
            failure.accept(e);
        } catch (RuntimeException e) {
            failure.accept(new IOException("candidate %d: %s".formatted(candidate.getIndex(), e), e));
        }
        Double value = result.filter(r -> r.score().isPresent())
                .map(r -> score.score(r, (Class<? extends DataSource>) null, new Properties()))
                .orElse(null);
        // a candidate that failed is complete, without a score: Arbiter tells its generator of no others
        CandidateStatus status = result.isPresent() ? CandidateStatus.Complete : CandidateStatus.Failed;
        CandidateInfo info = new CandidateInfo(
                candidate.getIndex(),
                status,
                value,
                begun,
                begun,
                System.currentTimeMillis(),
                candidate.getFlatParameters(),
                null);
        return new OptimizationResult(candidate, value, candidate.getIndex(), null, info, null);
    }
}
