package io.dino4j.train.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.train.config.ConfigLayers;
import org.junit.jupiter.api.Test;

final class SchedulesTest {
    @Test
    void theDefaultRunIsUpstreams() {
        Schedules plan = Schedules.of(ConfigLayers.defaults().resolve(), 32);
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
