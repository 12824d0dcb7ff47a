package io.dino4j.graph.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dino4j.graph.Precision;
import io.dino4j.graph.vit.Ffn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Memory after three steps of training equals memory after three hundred. */
final class PlanMemoryTest {
    private static final DataType F = DataType.FLOAT;
    private static final int PAGE = 4096;
    private static final Path STATM = Path.of("/proc/self/statm");

    private static long resident() throws IOException {
        return Long.parseLong(Files.readString(STATM).split(" ")[1]) * PAGE;
    }

    @Test
    void oneDnnTakesNothingWhileItRuns() throws IOException, InterruptedException {
        assumeTrue(Files.exists(STATM), "needs Linux");
        try (StudentStep step = new StudentStep(StudentStep.config(2, Ffn.MLP), Providers.ONEDNN.list(), false)) {
            step.run(3);
            INDArray gradients = step.gradients().vector().dup();
            long bytes = settled();
            step.run(100); // until the JVM has compiled what it will
            long resident = resident();
            step.run(197);
            assertEquals(bytes, Pointer.totalBytes());
            long grown = resident() - resident;
            assertTrue(grown < 8 << 20, "the process grew by " + grown + " bytes");
            assertTrue(gradients.equalsWithEps(step.gradients().vector(), 1e-5), "every run gives the same");
        }
    }

    @Test
    void portableKernelsGiveBackWhatTheyTake() throws InterruptedException {
        try (StudentStep step = new StudentStep(StudentStep.config(2, Ffn.MLP), Providers.PORTABLE.list(), false)) {
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
        TinyVit vit = new TinyVit(TinyVit.config(Ffn.MLP, 0), Precision.F32);
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
