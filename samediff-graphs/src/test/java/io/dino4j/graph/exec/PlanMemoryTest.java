package io.dino4j.graph.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.ssl.StudentGraph;
import io.dino4j.graph.ssl.TeacherGraph;
import io.dino4j.graph.vit.DropPath;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Memory after three steps of training equals memory after three hundred. */
final class PlanMemoryTest {
    private static final DataType F = DataType.FLOAT;
    private static final int PAGE = 4096;
    private static final Path STATM = Path.of("/proc/self/statm");

    private static SslConfig config() {
        HeadConfig head = new HeadConfig(32, 40, 24, 16, 3);
        VitConfig vit = new VitConfig(16, 4, 32, 2, 2, 2, Ffn.MLP, 1, 0.1, 0.1, false);
        return new SslConfig(
                vit,
                head,
                Optional.empty(),
                3,
                16,
                8,
                2,
                12,
                SslConfig.Targets.SINKHORN_KNOPP,
                0.1,
                1,
                0.1,
                1,
                0.4,
                true);
    }

    /** The student's step: losses, and gradients written to one vector. */
    private static final class Step implements AutoCloseable {
        final SslConfig c = config();
        final ParameterVector gradients = ParameterVector.zeros(c.layout(), F);
        final Plan plan;

        Step(List<KernelProvider> providers) {
            StudentGraph student = StudentGraph.of(c, F);
            ParameterVector parameters = ParameterVector.zeros(c.layout(), F);
            Initialization.fill(parameters, 0.1, 1);
            List<String> names = c.layout().names();
            SameDiff graph = Gradients.graph(student.graph(), names);
            List<String> outputs = new ArrayList<>(List.of(StudentGraph.LOSS));
            Map<String, INDArray> variables = new HashMap<>();
            Map<String, INDArray> targets = new HashMap<>();
            for (String n : names) {
                String gradient = Gradients.nameOf(student.graph(), n);
                outputs.add(gradient);
                variables.put(n, parameters.view(n));
                targets.put(gradient, gradients.view(n));
            }
            plan = Plan.compile(
                    graph, outputs, Map.of(), new Bindings(variables, targets), providers, Collective.ALONE);
            plan.input(TeacherGraph.GLOBAL_CROPS).assign(TinyVit.random(F, 6, 3, 16, 16));
            plan.input(StudentGraph.LOCAL_CROPS).assign(TinyVit.random(F, 6, 3, 8, 8));
            plan.input(StudentGraph.MASKS).assign(0);
            plan.input(StudentGraph.MASK_WEIGHTS).assign(0.1);
            plan.input(StudentGraph.ROWS)
                    .assign(Nd4j.createFromArray(
                            IntStream.range(0, c.headRows()).toArray()));
            plan.input(TeacherGraph.CLS_TARGETS).assign(1.0 / 40);
            plan.input(TeacherGraph.PATCH_TARGETS).assign(1.0 / 40);
            for (DropPath.Branch b : student.tokens().dropPath().branches()) {
                List<int[]> images = new ArrayList<>();
                for (int kept : b.kept()) {
                    images.add(IntStream.range(0, kept).toArray());
                }
                plan.input(b.placeholder()).assign(Nd4j.createFromArray(b.rows(images)));
            }
        }

        void run(int times) {
            for (int i = 0; i < times; i++) {
                plan.run();
            }
        }

        @Override
        public void close() {
            plan.close();
        }
    }

    private static long resident() throws IOException {
        return Long.parseLong(Files.readString(STATM).split(" ")[1]) * PAGE;
    }

    @Test
    void oneDnnTakesNothingWhileItRuns() throws IOException, InterruptedException {
        assumeTrue(Files.exists(STATM), "needs Linux");
        try (Step step = new Step(Providers.ONEDNN.list())) {
            step.run(3);
            INDArray gradients = step.gradients.vector().dup();
            long bytes = settled();
            step.run(100); // until the JVM has compiled what it will
            long resident = resident();
            step.run(197);
            assertEquals(bytes, Pointer.totalBytes());
            long grown = resident() - resident;
            assertTrue(grown < 8 << 20, "the process grew by " + grown + " bytes");
            assertTrue(gradients.equalsWithEps(step.gradients.vector(), 1e-5), "every run gives the same");
        }
    }

    @Test
    void portableKernelsGiveBackWhatTheyTake() throws InterruptedException {
        try (Step step = new Step(Providers.PORTABLE.list())) {
            step.run(3);
            long before = settled();
            step.run(60);
            long grown = settled() - before;
            assertTrue(grown <= 64 << 10, "grew by " + grown + " bytes");
        }
    }

    /** Bytes of native memory once the collector and the deallocator threads have nothing left to do. */
    private static long settled() throws InterruptedException {
        long bytes = Long.MAX_VALUE;
        for (int i = 0; i < 8; i++) {
            System.gc();
            Thread.sleep(60);
            bytes = Math.min(bytes, Pointer.totalBytes());
        }
        return bytes;
    }

    /** Plans that sessions make and drop do not add up, nor do placeholders. */
    @Test
    void sessionsDoNotCollectMemory() throws InterruptedException {
        Sessions.install(Providers.ONEDNN.list());
        TinyVit vit = new TinyVit(TinyVit.config(Ffn.MLP, 0), F);
        long before = 0;
        for (int round = 0; round < 12; round++) {
            for (int images = 1; images < 7; images++) {
                vit.graph().output(TinyVit.images(F, images), TinyVit.LOSS, TinyVit.NORM);
            }
            if (round == 1) {
                before = settled();
            }
        }
        SameDiff.bindInferenceFactory(new SameDiff.DefaultInferenceFactory());
        long grown = settled() - before;
        assertTrue(grown <= 256 << 10, "grew by " + grown + " bytes");
    }
}
