package io.dino4j.graph.kernel.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.op.PositionEmbedding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Constants that a kernel makes for itself live as long as the kernel, whatever the garbage collector does. */
final class ConstantsLiveTest {
    @Test
    void interpolationSurvivesGarbageCollection() throws InterruptedException {
        GraphOps.register();
        SameDiff sd = SameDiff.create();
        SDVariable trained = sd.var("trained", Nd4j.randn(DataType.FLOAT, 1, 17, 32));
        new PositionEmbedding(sd, trained, 2, 2, false, 0.1).outputVariable().rename("y");
        List<INDArray> churn = new ArrayList<>();
        try (Plan plan = Plan.compile(
                sd, List.of("y"), Map.of(), Bindings.NONE, List.of(new OneDnnProvider()), Collective.ALONE)) {
            plan.run();
            INDArray first = plan.output("y").dup();
            for (int i = 0; i < 5; i++) {
                System.gc();
                Thread.sleep(50);
                for (int k = 0; k < 300; k++) {
                    churn.add(Nd4j.valueArrayOf(new long[] {5, 17}, 9f, DataType.FLOAT));
                }
                plan.run();
                assertEquals(0, plan.output("y").sub(first).amaxNumber().doubleValue());
            }
        }
    }
}
