package io.dino4j.graph.kernel.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KeptWeights;
import io.dino4j.graph.kernel.KernelContext;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.kernel.Scratch;
import io.dino4j.graph.op.SwiGlu;
import java.lang.ref.Reference;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Native objects end with their program, closed or not, and once. */
final class DroppedProgramTest {
    private static Program program(CountDownLatch freed) {
        KernelContext context = new KernelContext(Collective.ALONE, new Scratch(), KeptWeights.none());
        Program p = new Program(new OpCall(new SwiGlu(), List.of(), new INDArray[0], context));
        p.natives().onClose(freed::countDown);
        return p.ready();
    }

    @Test
    void aDroppedProgramIsFreed() throws InterruptedException {
        CountDownLatch freed = new CountDownLatch(1);
        program(freed).run();
        for (int i = 0; i < 100 && !freed.await(50, TimeUnit.MILLISECONDS); i++) {
            System.gc();
        }
        assertEquals(0, freed.getCount());
    }

    @Test
    void aClosedProgramIsFreedOnce() throws InterruptedException {
        CountDownLatch freed = new CountDownLatch(2);
        Program p = program(freed);
        System.gc();
        assertEquals(2, freed.getCount(), "in use");
        p.close();
        assertEquals(1, freed.getCount());
        p.close();
        Reference.reachabilityFence(p);
        p = null;
        System.gc();
        assertTrue(!freed.await(200, TimeUnit.MILLISECONDS), "freed twice");
    }
}
