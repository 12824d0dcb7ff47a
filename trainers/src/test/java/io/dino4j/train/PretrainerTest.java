package io.dino4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.checkpoint.Checkpoint;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.RunConfig;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs, a few steps long: what they compute depends on the configuration and the seed, and on nothing else. */
final class PretrainerTest {
    @TempDir
    private Path dir;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "student.drop_path_rate=0.25",
                "student.drop_path_rate=0.25 student.drop_path_uniform=false student.ffn_layer=swiglufused",
                "train.centering=centering",
                "ibot.separate_head=true crops.local_crops_number=0 student.num_register_tokens=2",
                "train.centering=centering ibot.separate_head=true student.drop_path_rate=0.5",
                "train.accumulation_steps=2 train.batch_size_per_gpu=2 student.drop_path_rate=0.5",
                "optim.freeze_backbone_steps=4 train.accumulation_steps=3",
            })
    void stoppingAndGoingOnChangesNothing(String changes) throws IOException {
        RunConfig config = TinyTraining.config(changes.split(" "));
        Path whole = dir.resolve("whole");
        Path parts = dir.resolve("parts");
        assertEquals(new Pretrainer.Outcome(6, true, 0), TinyTraining.run(whole, config));
        assertEquals(new Pretrainer.Outcome(2, false, 0), TinyTraining.run(parts, config, 2));
        assertEquals(new Pretrainer.Outcome(3, false, 0), TinyTraining.run(parts, config, 3));
        assertEquals(new Pretrainer.Outcome(6, true, 0), TinyTraining.run(parts, config));
        TinyTraining.requireSameState(whole, parts);
        for (Map<String, Double> step : TinyTraining.losses(whole)) {
            step.forEach((name, value) -> assertTrue(Double.isFinite(value), () -> name + " is " + value));
        }
        assertNotEquals(
                TinyTraining.losses(whole).get(0).get("loss"),
                TinyTraining.losses(whole).get(5).get("loss"),
                "the steps must do something");
    }

    /** The mean of the last step's logits enters the centre at the start of the next step: it must survive the stop. */
    @Test
    void theCentreThatIsPendingIsSaved() throws IOException {
        RunConfig config = TinyTraining.config("train.centering=centering", "ibot.mask_sample_probability=1.0");
        TinyTraining.run(dir, config, 2);
        var extras = TinyTraining.newest(dir).extras();
        for (String name : List.of("cls_center", "patch_center")) {
            assertEquals(1, extras.get(name + ".pending").getDouble(0), name);
            assertTrue(extras.get(name + ".mean").norm2Number().doubleValue() > 0, name);
            assertTrue(extras.get(name).norm2Number().doubleValue() > 0, name);
        }
    }

    @Test
    void loaderThreadsChangeNothing() throws IOException {
        Path one = dir.resolve("one");
        Path two = dir.resolve("two");
        TinyTraining.run(one, TinyTraining.config("train.num_workers=1"));
        TinyTraining.run(two, TinyTraining.config("train.num_workers=2"));
        TinyTraining.requireSameState(one, two);
    }

    @Test
    void anotherSeedIsAnotherRun() throws IOException {
        Path one = dir.resolve("one");
        Path two = dir.resolve("two");
        TinyTraining.run(one, TinyTraining.config("train.seed=1"), 1);
        TinyTraining.run(two, TinyTraining.config("train.seed=2"), 1);
        assertNotEquals(
                TinyTraining.losses(one).get(0).get("loss"),
                TinyTraining.losses(two).get(0).get("loss"));
    }

    @Test
    void aBatchThatTheImagesDoNotFillIsRefusedBeforeAnythingIsWritten() {
        Path run = dir.resolve("run");
        String message = assertThrows(
                        ConfigException.class,
                        () -> TinyTraining.run(run, TinyTraining.config("train.batch_size_per_gpu=32")))
                .getMessage();
        assertEquals(
                "train.batch_size_per_gpu is 32, but there are only 20 images; add images or set it to 20 or less",
                message);
        assertFalse(Files.exists(run));
    }

    @Test
    void fewerEpochsThanAreDoneAreRefused() throws IOException {
        TinyTraining.run(dir, TinyTraining.config("optim.epochs=3"));
        String message = assertThrows(
                        ConfigException.class, () -> TinyTraining.run(dir, TinyTraining.config("optim.epochs=2")))
                .getMessage();
        assertEquals("optim.epochs is 2, which is 2 steps, but the run has done 3 already; raise it", message);
    }

    /** Another size, another batch, another rate: 3 steps and 3 more. */
    private static final String TWO_PHASES =
            "phases=[{name: large, optim: {epochs: 3, base_lr: 0.01}, train: {batch_size_per_gpu: 3}, crops: {global_crops_size: 48}}]";

    @Test
    void aSecondPhaseGoesOnFromTheFirstWhereverTheRunStops() throws IOException {
        RunConfig config = TinyTraining.config(
                TWO_PHASES, "optim.epochs=3", "train.centering=centering", "student.drop_path_rate=0.25");
        Path whole = dir.resolve("whole");
        assertEquals(new Pretrainer.Outcome(6, true, 0), TinyTraining.run(whole, config));
        assertEquals(6, TinyTraining.metrics(whole).size());
        Checkpoint end = TinyTraining.newest(whole);
        assertEquals(
                List.of(1, 3L, 6L, 3L),
                List.of(
                        end.state().phase(),
                        end.state().phaseStart(),
                        end.state().step(),
                        end.state().optimizerSteps()));
        assertEquals(config.phase(1).hash(), end.state().configHash());
        try (Safetensors student = Safetensors.open(end.studentFile())) {
            assertEquals(
                    1 + 6 * 6, student.tensors().get("backbone.pos_embed").shape()[1], "48 pixels in patches of 8");
        }
        for (long stop : new long[] {2, 3, 4}) { // before, at and after the switch
            Path parts = dir.resolve("parts" + stop);
            assertEquals(new Pretrainer.Outcome(stop, false, 0), TinyTraining.run(parts, config, stop));
            assertEquals(new Pretrainer.Outcome(6, true, 0), TinyTraining.run(parts, config));
            TinyTraining.requireSameState(whole, parts);
        }
    }

    @Test
    void aPhaseMayBeAddedToAFinishedRunButNotTakenAway() throws IOException {
        TinyTraining.run(dir, TinyTraining.config("optim.epochs=3"));
        RunConfig longer = TinyTraining.config(TWO_PHASES, "optim.epochs=3");
        assertEquals(new Pretrainer.Outcome(6, true, 0), TinyTraining.run(dir, longer));
        for (String[] wrong : new String[][] {
            {"optim.epochs=3", "phases lists 0, but the run is in phase 1 already"},
            {
                "optim.epochs=2 " + TWO_PHASES,
                "the phases before 'large' have 2 steps now, but the run left them at step 3"
            },
        }) {
            String[] keys = wrong[0].split(" (?=phases)");
            String message = assertThrows(ConfigException.class, () -> TinyTraining.run(dir, TinyTraining.config(keys)))
                    .getMessage();
            assertTrue(message.startsWith(wrong[1]), message);
        }
    }

    @Test
    void aRunStartsFromTheAverageOfAnother() throws IOException {
        Path first = dir.resolve("first");
        TinyTraining.run(first, TinyTraining.config("optim.epochs=2"));
        Path second = dir.resolve("second");
        String init = "student.pretrained_weights=" + first;
        TinyTraining.run(second, TinyTraining.config(init, "optim.epochs=2", "optim.base_lr=0", "optim.min_lr=0"));
        assertEquals(
                -1,
                Files.mismatch(
                        TinyTraining.newest(first).teacherFile(),
                        TinyTraining.newest(second).studentFile()),
                "steps of rate 0 leave the student where it began");
        Path third = dir.resolve("third");
        String message = assertThrows(
                        WeightsException.class,
                        () -> TinyTraining.run(third, TinyTraining.config(init, "student.depth=1")))
                .getMessage();
        assertTrue(message.contains("with 2 blocks"), message);
        assertFalse(Files.exists(third), "nothing is written");
    }
}
