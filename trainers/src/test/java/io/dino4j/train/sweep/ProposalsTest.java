package io.dino4j.train.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.deeplearning4j.arbiter.optimize.api.Candidate;
import org.deeplearning4j.arbiter.optimize.api.OptimizationResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Arbiter's generators beside ND4J M2.1, on an objective whose optimum is known. */
final class ProposalsTest {
    private static SweepConfig config(Search search, int candidates, long seed, int points, List<Dimension> space) {
        return new SweepConfig(
                "test",
                List.of("nano"),
                List.of(),
                "builtin:shapes",
                Optional.empty(),
                OptionalInt.empty(),
                search,
                candidates,
                1,
                seed,
                points,
                space,
                StopRule.NONE);
    }

    private static Proposals proposals(Search search, int candidates, long seed) {
        return new Proposals(config(search, candidates, seed, 7, Planted.SPACE), new KnnScore(), a -> Optional.empty());
    }

    private static OptimizationResult result(Candidate<String[]> c) {
        return new OptimizationResult(c, Planted.score(List.of(c.getValue())), c.getIndex(), null, null, null);
    }

    /** All candidates, each with its result before the next. */
    private static List<List<String>> all(Proposals proposals) {
        List<List<String>> all = new ArrayList<>();
        while (proposals.hasMoreCandidates()) {
            Candidate<String[]> c = proposals.getCandidate();
            assertEquals(all.size(), c.getIndex());
            all.add(List.of(c.getValue()));
            proposals.reportResults(result(c));
        }
        assertTrue(proposals.isDone());
        return all;
    }

    private static double best(List<List<String>> candidates) {
        return candidates.stream().mapToDouble(Planted::score).max().orElseThrow();
    }

    /** Of 3 decades, 9 numbers and 2 choices, 80 candidates come within 0.03: less than a third of a decade or two crops. */
    @ParameterizedTest
    @CsvSource({"GENETIC, 0.03, 80", "RANDOM, 0.06, 80", "GRID, 0.03, 98"})
    void thePlantedOptimumIsFound(Search search, double distance, int candidates) {
        for (long seed = 0; seed < 5; seed++) {
            List<List<String>> all = all(proposals(search, 98, seed)).subList(0, candidates);
            double best = best(all);
            assertTrue(best >= Planted.BEST - distance, search + " with seed " + seed + " only came to " + best);
        }
    }

    @Test
    void breedingComesCloserThanDrawing() {
        double bred = 0;
        double drawn = 0;
        for (long seed = 0; seed < 20; seed++) {
            bred += Planted.BEST - best(all(proposals(Search.GENETIC, 60, seed)));
            drawn += Planted.BEST - best(all(proposals(Search.RANDOM, 60, seed)));
        }
        assertTrue(bred < 0.7 * drawn, "mean distance %.4f bred, %.4f drawn".formatted(bred / 20, drawn / 20));
    }

    @ParameterizedTest
    @EnumSource(Search.class)
    void theSeedDecidesAndMoreCandidatesBeginWithTheSame(Search search) {
        List<List<String>> twenty = all(proposals(search, 20, 3));
        assertEquals(twenty, all(proposals(search, 20, 3)));
        assertEquals(twenty, all(proposals(search, 30, 3)).subList(0, 20));
        assertFalse(twenty.equals(all(proposals(search, 20, 4))));
        assertEquals(20, new HashSet<>(twenty).size(), "none twice");
    }

    /** Two at a time, the later one always ready first. */
    @ParameterizedTest
    @EnumSource(Search.class)
    void whoIsReadyFirstDecidesNothing(Search search) {
        Proposals proposals = proposals(search, 20, 3);
        List<List<String>> all = new ArrayList<>();
        while (!proposals.isDone()) {
            List<Candidate<String[]>> running = new ArrayList<>();
            while (running.size() < 2 && proposals.hasMoreCandidates()) {
                running.add(proposals.getCandidate());
                all.add(List.of(running.get(running.size() - 1).getValue()));
            }
            for (int i = running.size() - 1; i >= 0; i--) {
                proposals.reportResults(result(running.get(i)));
            }
        }
        assertEquals(all(proposals(search, 20, 3)), all);
    }

    /** 3 values between the ends of a range, evenly on its scale; whole numbers and choices as they are. */
    @Test
    void aGridHoldsEveryCombinationOnce() {
        List<Dimension> space = List.of(
                new Dimension.Range(Planted.LR, 1e-4, 1e-2, true, false),
                new Dimension.Range(Planted.CROPS, 4, 5, false, true),
                new Dimension.Range("ibot.loss_weight", 0, 1, false, false),
                new Dimension.Choice(Planted.CENTERING, List.of("centering", "sinkhorn_knopp")));
        List<List<String>> all =
                all(new Proposals(config(Search.GRID, 1000, 0, 3, space), new KnnScore(), a -> Optional.empty()));
        assertEquals(3 * 2 * 3 * 2, new HashSet<>(all).size());
        for (String lr : List.of("1.0e-4", "0.001", "0.01")) {
            for (String crops : List.of("4", "5")) {
                for (String weight : List.of("0", "0.5", "1")) {
                    List<String> wanted = List.of(
                            Planted.LR + "=" + lr,
                            Planted.CROPS + "=" + crops,
                            "ibot.loss_weight=" + weight,
                            Planted.CENTERING + "=centering");
                    assertTrue(all.contains(wanted), wanted + " is not in " + all);
                }
            }
        }
    }

    @Test
    void forbiddenCombinationsAreCountedAndOthersTakeTheirPlace() {
        Proposals random = new Proposals(
                config(Search.RANDOM, 12, 0, 3, Planted.SPACE),
                new KnnScore(),
                a -> a.contains("train.centering=centering") ? Optional.of("no") : Optional.empty());
        List<List<String>> all = all(random);
        assertEquals(12, all.size());
        assertTrue(all.stream().allMatch(a -> a.contains("train.centering=sinkhorn_knopp")));
        assertTrue(random.skipped() > 0);
    }

    @Test
    void aSpaceThatIsUsedUpEndsTheSearch() {
        List<Dimension> space = List.of(
                new Dimension.Choice(Planted.CENTERING, List.of("a", "b")),
                new Dimension.Range(Planted.CROPS, 1, 3, false, true),
                new Dimension.Choice(Planted.LR, List.of("1", "2")));
        for (Search search : List.of(Search.RANDOM, Search.GRID)) {
            Proposals proposals = new Proposals(config(search, 50, 0, 3, space), new KnnScore(), a -> Optional.empty());
            int count = 0;
            while (proposals.hasMoreCandidates()) {
                Candidate<String[]> c = proposals.getCandidate();
                proposals.reportResults(new OptimizationResult(c, null, c.getIndex(), null, null, null));
                count++;
            }
            assertEquals(12, count);
            assertTrue(proposals.isDone());
        }
    }
}
