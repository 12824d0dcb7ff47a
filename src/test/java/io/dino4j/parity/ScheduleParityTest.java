package io.dino4j.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.schedule.Schedule;
import io.dino4j.train.schedule.Schedules;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Schedules built from a configuration, against upstream's arrays; steps past the end included. */
@Tag("parity")
final class ScheduleParityTest {
    private static final double TOLERANCE = 1e-12;

    static List<Fixture> fixtures() {
        return Fixtures.ofKind("schedules");
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void everyStepOfEveryScheduleMatches(Fixture fixture) {
        for (Map.Entry<String, JsonNode> run : fixture.config().properties()) {
            Schedules plan = plan(run.getValue());
            Map<String, Schedule> schedules = Map.of(
                    "lr", plan.lr(),
                    "weight_decay", plan.weightDecay(),
                    "teacher_momentum", plan.momentum(),
                    "teacher_temp", plan.teacherTemp(),
                    "last_layer_lr", plan.lastLayerLr());
            schedules.forEach((name, schedule) -> {
                INDArray expected = fixture.npy(run.getKey() + "_" + name);
                for (long step = 0; step < expected.length(); step++) {
                    assertEquals(
                            expected.getDouble(step),
                            schedule.at(step),
                            TOLERANCE,
                            "%s %s at step %d".formatted(run.getKey(), name, step));
                }
            });
        }
    }

    private static Schedules plan(JsonNode run) {
        return Schedules.of(ConfigLayers.defaults()
                .overrides(List.of(
                        "optim.epochs=" + run.get("epochs"),
                        "train.OFFICIAL_EPOCH_LENGTH=" + run.get("iters_per_epoch"),
                        "optim.warmup_epochs=" + run.get("warmup_epochs"),
                        "teacher.warmup_teacher_temp_epochs=" + run.get("warmup_teacher_temp_epochs"),
                        "optim.freeze_last_layer_epochs=" + run.get("freeze_last_layer_epochs"),
                        "train.batch_size_per_gpu=" + run.get("batch"),
                        "optim.base_lr=" + run.get("base_lr"),
                        "optim.min_lr=" + run.get("min_lr"),
                        "optim.weight_decay=" + run.at("/weight_decay/0"),
                        "optim.weight_decay_end=" + run.at("/weight_decay/1"),
                        "teacher.momentum_teacher=" + run.at("/momentum/0"),
                        "teacher.final_momentum_teacher=" + run.at("/momentum/1"),
                        "teacher.warmup_teacher_temp=" + run.at("/teacher_temp/0"),
                        "teacher.teacher_temp=" + run.at("/teacher_temp/1")))
                .resolve());
    }
}
