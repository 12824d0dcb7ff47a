package io.dino4j.train.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SchedulesTest {
    @Test
    void theDefaultRunIsUpstreams() {
        Schedules plan = Schedules.of(ConfigLayers.defaults()
                .overrides(List.of("train.world_size=32"))
                .resolve());
        double peak = 4e-3 * Math.sqrt(2);
        assertEquals(125_000, plan.totalSteps());
        assertEquals(0, plan.lr().at(0));
        assertEquals(0.04, plan.weightDecay().at(0), 1e-15);
        assertEquals(0.992, plan.momentum().at(0), 1e-15);
        assertEquals(0.04, plan.teacherTemp().at(0));
        assertEquals(peak, plan.lr().at(12_499), 1e-15);
        assertEquals(peak, plan.lr().at(12_500), 1e-15);
        assertEquals(0, plan.lastLayerLr().at(1249));
        assertEquals(plan.lr().at(1250), plan.lastLayerLr().at(1250));
        assertEquals(0.07, plan.teacherTemp().at(37_499));
        assertEquals(new Hyper(1e-6, 0.4, 1, 0.07, 1e-6), plan.at(125_000));
    }

    /** Over the same images, many small steps and one large step leave the same share of the old average. */
    @Test
    void momentumReachesBackOverTheSameImagesWhateverTheBatch() {
        List<String> keys = List.of("teacher.momentum_reference_batch=2048", "train.batch_size_per_gpu=8");
        RunConfig small = ConfigLayers.defaults().overrides(keys).resolve();
        RunConfig large = ConfigLayers.defaults()
                .overrides(keys)
                .overrides(List.of("train.accumulation_steps=4"))
                .resolve();
        RunConfig full = ConfigLayers.defaults()
                .overrides(keys)
                .overrides(List.of("train.accumulation_steps=4", "train.world_size=64"))
                .resolve();
        double atEight = Schedules.of(small).momentum().at(0);
        assertEquals(0.992, Math.pow(atEight, 2048 / 8), 1e-12);
        assertEquals(Math.pow(atEight, 4), Schedules.of(large).momentum().at(0), 1e-12);
        assertEquals(0.992, Schedules.of(full).momentum().at(0), 1e-15);
        assertEquals(1, Schedules.of(small).momentum().at(125_000));
        assertEquals(
                2 * Schedules.of(small).lr().at(20_000),
                Schedules.of(large).lr().at(20_000),
                1e-5,
                "the learning rate follows the images of a step too");
    }

    @Test
    void aWarmupOfOneStepIsItsStart() {
        assertEquals(0.5, new CosineSchedule(3, 1, 4, 1, 0.5).at(0));
        assertEquals(3, new CosineSchedule(3, 1, 4, 1, 0.5).at(1));
    }

    @Test
    void aWarmupLongerThanTheRunIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new CosineSchedule(1, 0, 3, 4, 0));
    }
}
