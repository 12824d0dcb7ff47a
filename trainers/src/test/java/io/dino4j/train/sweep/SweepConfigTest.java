package io.dino4j.train.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SweepConfigTest {
    @TempDir
    private Path dir;

    private SweepConfig read(String yaml) throws IOException {
        return SweepConfig.read(Files.writeString(dir.resolve("sweep.yaml"), yaml));
    }

    @Test
    void everyKeyIsRead() throws IOException {
        Path more = Files.writeString(dir.resolve("more.yaml"), "optim: {weight_decay: 0.1}\n");
        SweepConfig c = read(
                """
                base: [tiny, '%s']
                images: photos' album
                val: other
                set: {train.seed: 4, ibot: {loss_weight: 0.25}}
                epochs: 6
                search: genetic
                candidates: 20
                parallel: 2
                seed: 9
                grid_points: 4
                space:
                  optim.base_lr: {from: 1e-4, to: 1.0e-2, scale: log}
                  crops.local_crops_number: {from: 2, to: 8}
                  optim.weight_decay_end: {from: 1, to: 3, type: int}
                  train.centering: [centering, sinkhorn_knopp]
                  crops.local_crops_scale: {values: [[0.1, 0.5], [0.2, 0.6]]}
                stop: {median_after: 100, others: 4, steps: 500, minutes: 2.5}
                """
                        .formatted(more));
        assertEquals(Search.GENETIC, c.search());
        assertEquals(List.of(20, 2, 4), List.of(c.candidates(), c.parallel(), c.gridPoints()));
        assertEquals(9, c.seed());
        assertEquals(Optional.of("other"), c.val());
        assertEquals(
                List.of(
                        new Dimension.Range("optim.base_lr", 1e-4, 1e-2, true, false),
                        new Dimension.Range("crops.local_crops_number", 2, 8, false, true),
                        new Dimension.Range("optim.weight_decay_end", 1, 3, false, true),
                        new Dimension.Choice("train.centering", List.of("centering", "sinkhorn_knopp")),
                        new Dimension.Choice("crops.local_crops_scale", List.of("[0.1,0.5]", "[0.2,0.6]"))),
                c.space());
        assertEquals(new StopRule(OptionalLong.of(100), 4, OptionalLong.of(500), OptionalDouble.of(2.5)), c.stop());
        RunConfig run = c.config(List.of("crops.local_crops_scale=[0.1,0.5]"));
        assertEquals(List.of(0.1, 0.5), run.crops().localCropsScale());
        assertEquals(6, run.optim().epochs());
        assertTrue(run.optim().warmupEpochs() <= 3, "as --epochs shortens it");
        assertEquals(0.1, run.optim().weightDecay());
        assertEquals(0.25, run.ibot().lossWeight());
        assertEquals(4, run.train().seed());
        assertEquals("photos' album", run.train().datasetPath());
    }

    @Test
    void theShortestFileHasDefaults() throws IOException {
        SweepConfig c = read("space: {optim.base_lr: {from: 0.001, to: 0.01}}\n");
        assertEquals(List.of("shapes"), c.base());
        assertEquals("builtin:shapes", c.images());
        assertEquals(Search.RANDOM, c.search());
        assertEquals(12, c.candidates());
        assertEquals(StopRule.NONE, c.stop());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            spce: {}                                                | unknown key spce; known are base, set, images
            base: nano                                              | space: is missing; name a key or more
            space: {optim.base_lrr: [1, 2]}                         | unknown key 'optim.base_lrr'; did you mean 'optim.base_lr'?
            space: {optim: {base_lr: [1, 2]}}                       | space.optim: is a block of keys; write dotted names
            space: {optim.base_lr: 3}                               | space.optim.base_lr: allowed: {from: 1, to: 8}
            space: {optim.base_lr: {from: 1, to: 2, step: 3}}       | unknown key space.optim.base_lr.step; known are from, to, scale, type
            space: {optim.base_lr: {from: 2, to: 1}}                | space.optim.base_lr: from (2) must be below to (1)
            space: {optim.base_lr: {from: 0, to: 1, scale: log}}    | space.optim.base_lr: from must be above 0 on a log scale
            space: {optim.base_lr: {from: 1, to: 2, scale: exp}}    | space.optim.base_lr.scale is 'exp'; allowed: linear, log
            space: {optim.base_lr: {from: a, to: 2}}                | space.optim.base_lr.from is "a"; allowed: a number
            space: {optim.epochs: {from: 1.5, to: 2}}               | space.optim.epochs: from and to must be whole numbers
            space: {optim.base_lr: {values: [1]}}                   | space.optim.base_lr: values must be two or more
            space: {optim.base_lr: [1, 1]}                          | space.optim.base_lr: values holds one of them twice
            {space: {optim.base_lr: [1, 2]}, search: annealing}     | search is 'annealing'; allowed: random, grid, genetic
            {space: {optim.base_lr: [1, 2]}, candidates: 0}         | candidates: allowed: 1 to 100000
            {space: {optim.base_lr: [1, 2]}, candidates: many}      | candidates is "many"; allowed: a whole number
            {space: {optim.base_lr: [1, 2]}, stop: {median: 3}}     | unknown key stop.median; known are median_after
            {space: {optim.base_lr: [1, 2]}, stop: {minutes: 0}}    | stop.minutes: allowed: above 0
            {space: {optim.base_lr: [1, 2]}, base: nanoo}           | nanoo: no such file; name a YAML file or one of the presets
            {space: {optim.base_lr: [1, 2]}, set: {optim.epochs: x}} | optim.epochs is 'x'; allowed: a whole number
            {space: {optim.base_lr: [1, 2]}, set: {optim.epochs: 0}} | optim.epochs is 0; allowed: 1 or more
            space: [                                                | line
            """)
    void oneLineSaysWhatIsWrong(String yaml, String message) {
        ConfigException e = assertThrows(ConfigException.class, () -> read(yaml));
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
        assertTrue(e.getMessage().contains("sweep.yaml") || yaml.contains("nanoo"), e.getMessage());
    }

    @Test
    void aGridThatNobodyCouldFinishIsRefused() {
        ConfigException e = assertThrows(
                ConfigException.class,
                () -> read(
                        """
                        search: grid
                        grid_points: 400
                        space:
                          optim.base_lr: {from: 0.1, to: 1}
                          optim.min_lr: {from: 0.1, to: 1}
                        """));
        assertTrue(e.getMessage().contains("this one has 160000"), e.getMessage());
    }

    @Test
    void rangesKnowTheirValues() {
        Dimension.Range log = new Dimension.Range("k", 1e-4, 1e-2, true, false);
        assertEquals("0.001235", log.text(0.00123456));
        assertEquals("1.0e-4", log.text(1e-4));
        assertEquals("0.01", log.text(0.0100001), "never beyond an end");
        assertEquals(0.5, log.position("0.001"), 1e-12);
        Dimension.Range whole = new Dimension.Range("k", 2, 8, true, true);
        assertEquals("4", whole.text(3.9));
        assertEquals(0.5, whole.position("4"), 1e-12);
        assertFalse(log.description().isEmpty());
    }
}
