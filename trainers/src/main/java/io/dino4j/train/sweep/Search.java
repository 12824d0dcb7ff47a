package io.dino4j.train.sweep;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well19937c;
import org.deeplearning4j.arbiter.optimize.api.CandidateGenerator;
import org.deeplearning4j.arbiter.optimize.generator.GeneticSearchCandidateGenerator;
import org.deeplearning4j.arbiter.optimize.generator.GridSearchCandidateGenerator;
import org.deeplearning4j.arbiter.optimize.generator.RandomSearchGenerator;
import org.deeplearning4j.arbiter.optimize.generator.genetic.crossover.UniformCrossover;
import org.deeplearning4j.arbiter.optimize.generator.genetic.crossover.parentselection.RandomTwoParentSelection;
import org.deeplearning4j.arbiter.optimize.generator.genetic.population.PopulationModel;
import org.deeplearning4j.arbiter.optimize.generator.genetic.selection.GeneticSelectionOperator;

/** How candidates are proposed, by one of Arbiter's generators. */
public enum Search {
    /** Each drawn by itself. */
    RANDOM,
    /** All combinations of a few values of each key, in an order drawn from the seed, so that a part of them is spread over all. */
    GRID,
    /** Bred from the best so far: each value from one of two parents, now and then moved or drawn anew. */
    GENETIC;

    /** More combinations would not be finished. */
    static final int LARGEST_GRID = 100_000;

    /** Candidates that are drawn before the first are bred, and that are bred before anyone waits for their results. */
    static final int GENERATION = 4;

    /** Arbiter removes a third, the worst, of a full population; what is left is a generation. */
    private static final int POPULATION = 6;

    private static final double MUTATION_RATE = 0.25;

    /** What draws one candidate after the other; empty array at the end. */
    Supplier<double[]> draw(CandidateGenerator generator, long seed) {
        if (this != GRID) {
            return () -> {
                if (!generator.hasMoreCandidates()) {
                    return new double[0];
                }
                var candidate = generator.getCandidate();
                return candidate.getException() == null ? candidate.getFlatParameters() : new double[0];
            };
        }
        // Arbiter's own random order is drawn before it can be given a seed
        List<double[]> grid = new ArrayList<>();
        while (generator.hasMoreCandidates()) {
            grid.add(generator.getCandidate().getFlatParameters());
        }
        SplittableRandom random = new SplittableRandom(seed);
        return () -> {
            if (grid.isEmpty()) {
                return new double[0];
            }
            int chosen = random.nextInt(grid.size());
            double[] last = grid.remove(grid.size() - 1);
            return chosen == grid.size() ? last : grid.set(chosen, last);
        };
    }

    /**
     * Arbiter's generator.
     *
     * @param points values of a range on a grid
     */
    CandidateGenerator generator(SearchSpace space, KnnScore score, int points, long seed) {
        return switch (this) {
            case RANDOM -> {
                RandomSearchGenerator generator = new RandomSearchGenerator(space);
                generator.setRngSeed(seed);
                yield generator;
            }
            case GRID -> new GridSearchCandidateGenerator(
                    space, points, GridSearchCandidateGenerator.Mode.Sequential, null);
            case GENETIC -> genetic(space, score, seed);
        };
    }

    private static CandidateGenerator genetic(SearchSpace space, KnnScore score, long seed) {
        RandomGenerator random = new Well19937c(seed); // setRngSeed does not reach any of the operators
        UniformCrossover crossover = new UniformCrossover.Builder()
                .crossoverRate(1) // else it hands out the parent's own array, and the mutation changes the parent
                .randomGenerator(random)
                .parentSelection(new RandomTwoParentSelection(random))
                .build();
        return new GeneticSearchCandidateGenerator.Builder(space, score)
                .populationModel(
                        new PopulationModel.Builder().populationSize(POPULATION).build())
                .selectionOperator(new GeneticSelectionOperator.Builder()
                        .randomGenerator(random)
                        .crossoverOperator(crossover)
                        .mutationOperator(new CreepOrRedraw(MUTATION_RATE, random))
                        .build())
                .build();
    }
}
