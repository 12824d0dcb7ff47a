package io.dino4j.train;

import static io.dino4j.graph.ssl.SslConfig.Targets.CENTERING;
import static io.dino4j.graph.ssl.SslConfig.Targets.SINKHORN_KNOPP;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.ssl.Network;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.TinyStep.Variant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A frozen teacher and a student that sees everything. */
final class DistillationTest {
    private static SslConfig config(
            Network student, Optional<Network> teacher, SslConfig.Targets targets, int maxMasked, double drop) {
        return new SslConfig(student, teacher, 3, 1, 24, 16, 2, maxMasked, targets, 0.1, 1, 0.1, 1.5, drop, true);
    }

    /**
     * With a teacher of the student's shape it is the usual step on an empty mask, whose list of masked patches names all of them.
     */
    @ParameterizedTest
    @EnumSource(SslConfig.Targets.class)
    void isTheUsualStepOnAllPatchesAndNoMask(SslConfig.Targets targets) {
        Network network = TinyStep.network(32, 2, Ffn.MLP, 0, true);
        int patches = 2 * 3 * 9;
        DataType type = DataType.DOUBLE;
        try (SslModel usual = TinyStep.model(
                        config(network, Optional.empty(), targets, patches, 0), type, Providers.PORTABLE);
                SslModel distilling = TinyStep.model(
                        config(network, Optional.of(network), targets, 0, 0), type, Providers.PORTABLE)) {
            distilling.teacher().vector().assign(usual.average().vector());
            distilling.average().vector().assign(0);
            StepInputs in = TinyStep.draw(distilling, distilling, 5).whole();
            StepInputs all = new StepInputs(
                    in.globalCrops(),
                    in.localCrops(),
                    Nd4j.zeros(type, 6, 9),
                    IntStream.range(0, patches).toArray(),
                    Nd4j.valueArrayOf(new long[] {patches}, 1.0 / 9, type),
                    patches,
                    Map.of());
            for (int step = 0; step < 2; step++) { // the second one with centres
                Map<String, Double> wanted = usual.forwardBackward(List.of(all), TinyStep.TEMPERATURE);
                Map<String, Double> got = distilling.forwardBackward(List.of(in), TinyStep.TEMPERATURE);
                assertEquals(wanted.keySet(), got.keySet());
                wanted.forEach((name, value) -> assertEquals(value, got.get(name), 1e-12, name));
                INDArray gradients = usual.gradients().vector();
                assertTrue(gradients.norm2Number().doubleValue() > 0.1);
                assertTrue(gradients.equalsWithEps(distilling.gradients().vector(), 1e-12));
            }
        }
    }

    @Test
    void theTeacherMayHaveAnotherShape() {
        Variant variant = new Variant(SINKHORN_KNOPP, true, 2, 0, 0.1, true);
        try (SslModel model = TinyStep.model(variant.config(3, 1), DataType.FLOAT, Providers.ONEDNN)) {
            StepInputs in = TinyStep.draw(model, model, 5).whole();
            model.forwardBackward(List.of(in), TinyStep.TEMPERATURE);
            assertArrayEquals(new long[] {6, 48}, model.teacherFeatures().shape());
            assertArrayEquals(new long[] {6, 32}, model.studentFeatures().shape());
            assertNotEquals(
                    model.teacher().layout().length(), model.average().layout().length());
            INDArray targets = model.clsTargets().dup();
            model.average().vector().assign(0);
            model.forwardBackward(List.of(in), TinyStep.TEMPERATURE);
            assertEquals(targets, model.clsTargets(), "the average has no part in the targets");
            model.teacher().vector().muli(0.5);
            model.forwardBackward(List.of(in), TinyStep.TEMPERATURE);
            assertNotEquals(targets, model.clsTargets(), "but the teacher makes them");
        }
    }

    @Test
    void withoutAFrozenTeacherTheAverageIsTheTeacher() {
        Variant variant = new Variant(CENTERING, false, 0, 0, 0, false);
        try (SslModel model = TinyStep.model(variant.config(3, 1), DataType.FLOAT, Providers.PORTABLE)) {
            assertSame(model.average(), model.teacher());
        }
    }

    private static String refusal(Network student, Network teacher, int maxMasked, double drop) {
        return assertThrows(
                        IllegalArgumentException.class,
                        () -> config(student, Optional.of(teacher), SINKHORN_KNOPP, maxMasked, drop))
                .getMessage();
    }

    @Test
    void whatCannotBeComparedIsRefused() {
        Network student = TinyStep.network(32, 2, Ffn.MLP, 0, false);
        VitConfig vit = student.backbone();
        HeadConfig head = student.dinoHead();
        VitConfig coarse = new VitConfig(24, 12, 32, 2, 2, 2, Ffn.MLP, 0, 0.5, 0.1, false);
        HeadConfig other = new HeadConfig(32, 30, 24, 12, 3);
        assertEquals(
                "the student must have the patch size of the teacher it is distilled from, got 8 and 12",
                refusal(student, new Network(coarse, head, Optional.empty()), 0, 0));
        assertEquals(
                "the student must have the number of prototypes for cls tokens of the teacher it is distilled from, got 20 and 30",
                refusal(student, new Network(vit, other, Optional.of(head)), 0, 0));
        assertEquals(
                "the student must have the number of prototypes for patches of the teacher it is distilled from, got 20 and 30",
                refusal(student, new Network(vit, head, Optional.of(other)), 0, 0));
        assertTrue(refusal(student, student, 5, 0).contains("got room for 5 masked patches"));
        assertTrue(refusal(student, student, 0, 0.2).contains("a drop rate of 0.2"));
    }
}
