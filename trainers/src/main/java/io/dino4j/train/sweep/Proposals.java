package io.dino4j.train.sweep;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.deeplearning4j.arbiter.optimize.api.Candidate;
import org.deeplearning4j.arbiter.optimize.api.CandidateGenerator;
import org.deeplearning4j.arbiter.optimize.api.OptimizationResult;
import org.deeplearning4j.arbiter.optimize.api.ParameterSpace;

/**
 * An Arbiter generator whose candidates depend on the seed and the results alone, not on who is ready first: a generation that is bred waits
 * for the results of all before it, and the generator behind it is told of them in the order of the candidates. Combinations that the
 * rules of the configuration forbid, or that were there before, are passed over.
 */
final class Proposals implements CandidateGenerator {
    /** Draws without a new and valid candidate after which there are none left. */
    private static final int MOST_DRAWS = 2000;

    private final SearchSpace space;
    private final CandidateGenerator generator;
    private final Supplier<double[]> draw;
    private final int generation;
    private final int limit;
    private final Function<List<String>, Optional<String>> fault;
    private final Set<List<String>> seen = new HashSet<>();
    private final TreeMap<Integer, OptimizationResult> fresh = new TreeMap<>(); // not yet told to the generator
    private Optional<Candidate<String[]>> next = Optional.empty();
    private int proposed;
    private int reported;
    private volatile int skipped; // read by the threads that train
    private boolean exhausted;

    /**
     * Nothing has been proposed yet.
     *
     * @param fault why a combination cannot be trained; empty if it can
     */
    Proposals(SweepConfig config, KnnScore score, Function<List<String>, Optional<String>> fault) {
        this.space = new SearchSpace(config.space());
        this.generator = config.search().generator(space, score, config.gridPoints(), config.seed());
        this.draw = config.search().draw(generator, config.seed());
        this.generation = config.search() == Search.GENETIC ? Search.GENERATION : Integer.MAX_VALUE;
        this.limit = config.candidates();
        this.fault = fault;
    }

    @Override
    public boolean hasMoreCandidates() {
        boolean waits = proposed % generation == 0 && reported < proposed;
        if (next.isEmpty() && proposed < limit && !exhausted && !waits) {
            if (proposed % generation == 0) {
                fresh.values().forEach(generator::reportResults);
                fresh.clear();
            }
            next = nextValid();
            exhausted = next.isEmpty();
        }
        return next.isPresent();
    }

    private Optional<Candidate<String[]>> nextValid() {
        for (int i = 0; i < MOST_DRAWS; i++) {
            double[] genes = draw.get();
            if (genes.length == 0) {
                return Optional.empty();
            }
            String[] assignments = space.getValue(genes);
            if (seen.add(List.of(assignments))) {
                if (fault.apply(List.of(assignments)).isEmpty()) {
                    return Optional.of(new Candidate<>(assignments, proposed, genes));
                }
                skipped = skipped + 1;
            }
        }
        return Optional.empty();
    }

    @Override
    public Candidate<String[]> getCandidate() {
        if (!hasMoreCandidates()) {
            throw new IllegalStateException("there is no further candidate");
        }
        Candidate<String[]> candidate = next.orElseThrow();
        next = Optional.empty();
        proposed++;
        return candidate;
    }

    @Override
    public void reportResults(OptimizationResult result) {
        fresh.put(result.getIndex(), result);
        reported++;
    }

    /** True if every candidate there will be has been proposed and has its result. */
    boolean isDone() {
        return reported == proposed && !hasMoreCandidates();
    }

    /** Combinations passed over because the rules of the configuration forbid them. */
    int skipped() {
        return skipped;
    }

    @Override
    public ParameterSpace<?> getParameterSpace() {
        return space;
    }

    @Override
    public void setRngSeed(long seed) {
        throw new UnsupportedOperationException("the seed is part of the sweep");
    }

    @Override
    public Class<?> getCandidateType() {
        return String[].class;
    }
}
