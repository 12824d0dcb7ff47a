package io.dino4j.train.scaling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.train.Recipe;
import io.dino4j.train.RunEstimate;
import io.dino4j.train.RunEstimator;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

final class ScalingStudyTest {
    private static final Workload WORK =
            new Workload("test", List.of(new Workload.Layer("all", 1 << 20, 1)), 0.1, List.of(), 1e11, 10, 1e9);

    private static ScalingStudy study(Machine machine) {
        return new ScalingStudy(machine, ScalingStudy::halfOf, false, 2, 1);
    }

    @Test
    void withoutCostsSpeedGrowsWithWorkers() {
        ScalingStudy.Curve curve =
                study(Machine.INFINITE.withFlops(1e11)).curve(WORK, new int[] {1, 2, 8}, Cluster.F32);
        for (ScalingStudy.Point p : curve.points()) {
            assertEquals(p.cluster().workers(), p.speedUp(), 1e-9);
            assertEquals(1, p.efficiency(), 1e-9);
        }
        assertEquals(OptionalDouble.empty(), curve.bend());
    }

    /** The same images for all: a worker of 5 has two of ten. */
    @Test
    void imagesMayBeShared() {
        ScalingStudy study = study(Machine.INFINITE.withFlops(1e11));
        ScalingStudy.Curve curve = study.strongCurve(WORK, 10, new int[] {1, 2, 4, 5}, Cluster.F32);
        assertEquals(
                List.of(1, 2, 5),
                curve.points().stream().map(p -> p.cluster().workers()).toList());
        assertEquals(2, curve.points().get(2).step().seconds(), 1e-9);
        assertEquals(5, curve.points().get(2).speedUp(), 1e-9);
    }

    private static ScalingStudy.Point point(int workers, double efficiency) {
        SimulatedStep any = new StepSimulation(WORK, new Cluster(1, 1, 4, false), Machine.INFINITE, 1, 0).run();
        return new ScalingStudy.Point(new Cluster(workers, 1, 4, false), any, workers * efficiency, efficiency);
    }

    @Test
    void aCurveBendsBetweenTwoSizes() {
        List<ScalingStudy.Point> points = new ArrayList<>(List.of(point(1, 0.95), point(4, 0.9), point(16, 0.7)));
        assertEquals(8, ScalingStudy.bend(points).orElseThrow(), 1e-9);
        assertEquals(OptionalDouble.empty(), ScalingStudy.bend(points.subList(0, 2)));
        assertEquals(16, ScalingStudy.bend(points.subList(2, 3)).orElseThrow());
    }

    @Test
    void sizesDouble() {
        assertArrayEquals(new int[] {1}, ScalingStudy.doubling(1));
        assertArrayEquals(new int[] {1, 2, 4, 6}, ScalingStudy.doubling(6));
        assertEquals(1, ScalingStudy.halfOf(1));
        assertEquals(4, ScalingStudy.halfOf(7));
    }

    /** Sizes are those of the real layout and of the graphs, though only one and two blocks are looked at. */
    @Test
    void aPresetIsWhatItsGraphsSay() {
        RunConfig config = ConfigLayers.defaults().preset("nano").resolve();
        Workload work = Workload.of("nano", config);
        RunEstimate.Phase graphs = RunEstimator.ofGraphs(config);
        double memory = graphs.memory().total() - graphs.memory().bytes().get(RunEstimator.MOMENTS);
        int images = config.train().batchSizePerGpu();
        assertEquals(Recipe.step(config).student().layout().length(), work.parameters());
        assertEquals(1, graphs.flopsPerStep() / (work.flopsPerImage() * images), 1e-9);
        assertEquals(1, memory / work.workerBytes(), 0.05);
        int depth = config.student().shape().depth();
        assertEquals(
                depth,
                work.layers().stream().filter(l -> l.name().contains("blocks")).count());
        int prototypes = config.dino().headNPrototypes();
        assertEquals(
                List.of(1, 1, prototypes, prototypes, prototypes),
                work.targetSums().subList(0, 5));
        assertTrue(work.teacherShare() > 0.05 && work.teacherShare() < 0.3, "" + work.teacherShare());
    }
}
