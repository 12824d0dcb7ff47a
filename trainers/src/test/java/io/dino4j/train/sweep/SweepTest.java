package io.dino4j.train.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Progress;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.sweep.CandidateResult.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sweeps through Arbiter's runner, with training whose outcome is known. */
final class SweepTest {
    private static final StopRule MEDIAN =
            new StopRule(OptionalLong.of(20), 3, OptionalLong.empty(), OptionalDouble.empty());

    @TempDir
    private Path dir;

    /** Runs of 50 steps. */
    private static SweepConfig config(
            Search search, int candidates, int parallel, List<Dimension> space, StopRule stop) {
        return new SweepConfig(
                "test.yaml",
                List.of("nano"),
                List.of("train.OFFICIAL_EPOCH_LENGTH=1"),
                "builtin:shapes",
                Optional.empty(),
                OptionalInt.of(50),
                search,
                candidates,
                parallel,
                7,
                2,
                space,
                stop);
    }

    private static Sweep sweep(SweepConfig config, Path out, boolean force, CandidateRunner runner) {
        return new Sweep(
                new Sweep.Request(config, 2000, out, force, "dino4j sweep", Map.of()), runner, Progress.SILENT);
    }

    private static Map<List<String>, Double> scores(Sweep.Outcome outcome) {
        Map<List<String>, Double> scores = new HashMap<>();
        outcome.board()
                .candidates()
                .forEach(c -> scores.put(c.assignments(), c.score().orElse(-1)));
        return scores;
    }

    @Test
    void theBestIsWrittenAsAConfigurationThatCanBeTrained() throws IOException {
        Path out = dir.resolve("out");
        Sweep.Outcome outcome = sweep(
                        config(Search.RANDOM, 10, 1, Planted.SPACE, StopRule.NONE), out, false, new Planted())
                .run();
        assertTrue(outcome.finished());
        CandidateResult best = outcome.board().best().orElseThrow();
        for (CandidateResult c : outcome.board().candidates()) {
            assertEquals(Planted.score(c.assignments()), c.score().orElseThrow(), 1e-12);
            assertEquals(50, c.steps());
            assertTrue(c.score().getAsDouble() <= best.score().orElseThrow());
            Path weights = out.resolve("candidates/%03d/run/checkpoints".formatted(c.index()));
            assertEquals(c.index() == best.index(), Files.exists(weights), "only the best keeps its weights");
        }
        RunConfig config =
                ConfigLayers.defaults().file(out.resolve("best.yaml")).resolve();
        assertEquals(Double.parseDouble(best.value(Planted.LR)), config.optim().baseLr());
        assertEquals(Integer.parseInt(best.value(Planted.CROPS)), config.crops().localCropsNumber());
        assertEquals(50, config.optim().epochs());
        List<String> csv = Files.readAllLines(out.resolve("leaderboard.csv"));
        assertEquals(11, csv.size());
        assertTrue(csv.get(1)
                .startsWith("1,%d,%s,50,finished,"
                        .formatted(best.index(), best.score().getAsDouble())));
        String html = Files.readString(out.resolve("report.html"));
        assertEquals(10 + 10, html.split("<path class=\"line\"", -1).length - 1, "coordinates and curves");
        assertFalse(html.contains("NaN"));
    }

    @Test
    void aSweepThatIsInterruptedComesToTheSameResults() throws IOException {
        SweepConfig config = config(Search.GENETIC, 10, 2, Planted.SPACE, StopRule.NONE);
        Sweep.Outcome whole =
                sweep(config, dir.resolve("whole"), false, new Planted()).run();
        Path out = dir.resolve("out");
        Sweep[] sweep = new Sweep[1];
        sweep[0] = sweep(config, out, false, new Planted() {
            @Override
            public Outcome run(Candidate candidate, Watch watch) {
                if (candidate.index() < 6) {
                    return super.run(candidate, watch);
                }
                sweep[0].stop();
                return new Outcome(Ending.INTERRUPTED, "");
            }
        });
        Sweep.Outcome part = sweep[0].run();
        assertFalse(part.finished());
        assertTrue(part.board().candidates().size() >= 5, part.toString());
        Planted rest = new Planted();
        Sweep.Outcome outcome = sweep(config, out, false, rest).run();
        assertEquals(scores(whole), scores(outcome));
        assertEquals(10, part.board().candidates().size() + rest.trained.size(), "no candidate is trained twice");
        Planted none = new Planted();
        assertEquals(scores(whole), scores(sweep(config, out, false, none).run()));
        assertEquals(List.of(), none.trained);
    }

    /** Candidates whose crops are even are good; each of the others is below the median as soon as three have come as far. */
    @Test
    void candidatesBelowTheMedianAreStopped() throws IOException {
        List<Dimension> space = List.of(new Dimension.Range(Planted.CROPS, 0, 7, false, true));
        SweepConfig config = new SweepConfig(
                "test.yaml",
                List.of("nano"),
                List.of("train.OFFICIAL_EPOCH_LENGTH=1"),
                "builtin:shapes",
                Optional.empty(),
                OptionalInt.of(50),
                Search.GRID,
                8,
                1,
                7,
                8,
                space,
                MEDIAN);
        Sweep.Outcome outcome = sweep(
                        config, dir.resolve("out"), false, new Planted(c -> c.index() % 2 == 0 ? 0.8 : 0.6))
                .run();
        for (CandidateResult c : outcome.board().candidates()) {
            // 0.8 and 0.6 alone are no three others; from the fourth on the median is 0.8 or the mean of both
            boolean stopped = c.index() % 2 == 1 && c.index() >= 3;
            assertEquals(stopped ? Status.STOPPED : Status.FINISHED, c.status(), c.toString());
            assertEquals(stopped ? 20 : 50, c.steps());
            assertEquals(stopped, c.note().startsWith("below the median"));
        }
        assertEquals(3, outcome.board().count(Status.STOPPED));
        assertEquals(0, outcome.board().best().orElseThrow().index());
    }

    @Test
    void aLimitOfStepsEndsEveryCandidate() throws IOException {
        StopRule thirty = new StopRule(OptionalLong.empty(), 3, OptionalLong.of(25), OptionalDouble.empty());
        Sweep.Outcome outcome = sweep(
                        config(Search.RANDOM, 3, 1, Planted.SPACE, thirty), dir.resolve("out"), false, new Planted())
                .run();
        for (CandidateResult c : outcome.board().candidates()) {
            assertEquals(Status.FINISHED, c.status());
            assertEquals(30, c.steps(), "at the first measurement from there on");
        }
    }

    @Test
    void aCandidateThatFailsLeavesTheOthersAlone() throws IOException {
        Sweep.Outcome outcome = sweep(
                        config(Search.GENETIC, 10, 2, Planted.SPACE, StopRule.NONE),
                        dir.resolve("out"),
                        false,
                        new Planted() {
                            @Override
                            public Outcome run(Candidate candidate, Watch watch) {
                                return candidate.index() % 3 == 0
                                        ? new Outcome(Ending.FAILED, "the loss is NaN, \"really\"")
                                        : super.run(candidate, watch);
                            }
                        })
                .run();
        assertEquals(10, outcome.board().candidates().size());
        assertEquals(4, outcome.board().count(Status.FAILED));
        assertEquals(Status.FINISHED, outcome.board().best().orElseThrow().status());
        assertTrue(
                Files.readString(dir.resolve("out/leaderboard.csv")).contains(",\"the loss is NaN, \"\"really\"\"\","));
    }

    /** A crop of 20 pixels has no whole patches of 8, and heads of 3 do not divide 128. */
    @Test
    void whatTheRulesForbidIsLeftOutOrNamed() throws IOException {
        List<Dimension> both = List.of(
                new Dimension.Choice("student.embed_dim", List.of("96", "128")),
                new Dimension.Choice("student.num_heads", List.of("3", "4")));
        Sweep.Outcome outcome = sweep(
                        config(Search.GRID, 100, 1, both, StopRule.NONE),
                        dir.resolve("out"),
                        false,
                        new Planted(c -> 0.5))
                .run();
        assertEquals(3, outcome.board().candidates().size());
        assertEquals(1, outcome.skipped());
        List<Dimension> never = List.of(new Dimension.Choice("crops.local_crops_size", List.of("16", "20")));
        SweepConfig wrong = config(Search.GRID, 100, 1, never, StopRule.NONE);
        Exception e =
                assertThrows(ConfigException.class, () -> sweep(wrong, dir.resolve("none"), false, new Planted()));
        assertEquals(
                "test.yaml: crops.local_crops_size is 20; allowed: a multiple of student.patch_size (8)",
                e.getMessage());
        assertFalse(Files.exists(dir.resolve("none")));
    }

    @Test
    void otherSettingsAreNamedAndReplacedByForceAlone() throws IOException {
        Path out = dir.resolve("out");
        SweepConfig config = config(Search.RANDOM, 2, 1, Planted.SPACE, StopRule.NONE);
        sweep(config, out, false, new Planted()).run();
        SweepConfig other = config(Search.RANDOM, 2, 1, Planted.SPACE.subList(0, 2), StopRule.NONE);
        Exception e = assertThrows(IllegalArgumentException.class, () -> sweep(other, out, false, new Planted())
                .run());
        assertEquals(
                out + ": made with space = optim.base_lr, crops.local_crops_number, train.centering, now it is"
                        + " optim.base_lr, crops.local_crops_number; start anew with --force, or give another --out",
                e.getMessage());
        Planted anew = new Planted(c -> 0.5);
        sweep(other, out, true, anew).run();
        assertEquals(List.of(0, 1), anew.trained);
        Planted more = new Planted(c -> 0.5);
        sweep(config(Search.RANDOM, 3, 2, Planted.SPACE.subList(0, 2), StopRule.NONE), out, false, more)
                .run();
        assertEquals(List.of(2), more.trained, "more candidates, or more at a time, go on with the same sweep");
        Path full = Files.createDirectories(dir.resolve("full"));
        Files.writeString(full.resolve("photo.txt"), "mine");
        Exception occupied = assertThrows(IllegalArgumentException.class, () -> sweep(config, full, true, new Planted())
                .run());
        assertTrue(occupied.getMessage().contains("is not empty and holds no sweep"), occupied.getMessage());
    }
}
