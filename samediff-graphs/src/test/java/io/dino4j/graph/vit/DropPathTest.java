package io.dino4j.graph.vit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.Near;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.exec.TinyVit;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.op.Attention.Sequences;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Which rows stochastic depth keeps. */
final class DropPathTest {
    private static final List<Sequences> GROUPS = List.of(new Sequences(4, 3), new Sequences(6, 2));

    @Test
    void rowsAreAllTokensOfTheKeptImages() {
        DropPath.Branch b = DropPath.of(1, 0.5, true, GROUPS).find(0, true);
        assertArrayEquals(new int[] {2, 3}, b.kept());
        assertEquals(2 * 3 + 3 * 2, b.numRows());
        int[] rows = b.rows(List.of(new int[] {3, 0}, new int[] {5, 1, 2}));
        assertArrayEquals(new int[] {9, 10, 11, 0, 1, 2, 12 + 10, 12 + 11, 12 + 2, 12 + 3, 12 + 4, 12 + 5}, rows);
        var e = assertThrows(IllegalArgumentException.class, () -> b.rows(List.of(new int[] {1}, new int[] {1, 2, 3})));
        assertEquals("drop_path.0.attn keeps 2 images of group 0, got 1", e.getMessage());
    }

    @Test
    void ratesAreUniformOrRise() {
        assertEquals(6, DropPath.of(3, 0.3, true, GROUPS).branches().size());
        DropPath rising = DropPath.of(3, 0.6, false, GROUPS);
        assertEquals(
                List.of("drop_path.1.attn", "drop_path.1.ffn", "drop_path.2.attn", "drop_path.2.ffn"),
                rising.branches().stream().map(DropPath.Branch::placeholder).toList());
        assertArrayEquals(new int[] {2, 4}, rising.find(1, false).kept()); // 0.3
        assertArrayEquals(new int[] {1, 2}, rising.find(2, false).kept()); // 0.6
        assertArrayEquals(
                new int[] {1, 1},
                DropPath.of(1, 0.99, true, GROUPS).find(0, true).kept());
        assertEquals(null, rising.find(0, true));
    }

    /** A dropped image passes as it is; the branches of the others are scaled up. */
    @ParameterizedTest
    @EnumSource(Providers.class)
    void droppedImagesPassUnchanged(Providers providers) {
        VitConfig c = TinyVit.config(Ffn.MLP, 1);
        INDArray images = TinyVit.random(DataType.FLOAT, 3, 3, TinyVit.SIZE, TinyVit.SIZE);
        INDArray[] results = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            SameDiff sd = SameDiff.create();
            var x = sd.placeHolder("x", DataType.FLOAT, images.shape());
            Tokens t = new Vit(sd, c, "", Precision.F32)
                    .forward(List.of(new Crops(x, 3, TinyVit.SIZE, TinyVit.SIZE)), i * 1e-9, true);
            TinyVit.randomize(sd);
            if (i == 1) {
                assertArrayEquals(new int[] {2}, t.dropPath().branches().get(0).kept(), "int(3 (1 - 1e-9))");
            }
            String name = t.prenorm().name();
            try (Plan plan =
                    Plan.compile(sd, List.of(name), Map.of(), Bindings.NONE, providers.list(), Collective.ALONE)) {
                plan.input("x").assign(images);
                for (DropPath.Branch b : t.dropPath().branches()) {
                    plan.input(b.placeholder()).assign(Nd4j.createFromArray(b.rows(List.of(new int[] {2, 0}))));
                }
                plan.run();
                results[i] = plan.output(name).dup('c');
            }
        }
        int tokens = c.numTokens(TinyVit.SIZE, TinyVit.SIZE);
        // image 1 is dropped everywhere: what it holds are its embeddings; 0 and 2 got 3/2 of every branch
        Near.assertNear(
                embeddings(c, images, providers).get(interval(tokens)),
                results[1].get(interval(tokens)),
                Near.FLOAT,
                "the dropped image");
        double difference = results[1].sub(results[0]).amaxNumber().doubleValue();
        assertEquals(1, Math.signum(difference - 1e-3), "the others are scaled");
    }

    private static INDArrayIndex interval(int tokens) {
        return NDArrayIndex.interval(tokens, 2 * tokens);
    }

    private static INDArray embeddings(VitConfig c, INDArray images, Providers providers) {
        SameDiff sd = SameDiff.create();
        var x = sd.placeHolder("x", DataType.FLOAT, images.shape());
        Tokens t = new Vit(sd, c, "", Precision.F32).forward(List.of(new Crops(x, 3, TinyVit.SIZE, TinyVit.SIZE)));
        TinyVit.randomize(sd);
        for (int i = 0; i < c.depth(); i++) {
            sd.getVariable("blocks." + i + ".ls1.gamma").getArr().assign(0);
            sd.getVariable("blocks." + i + ".ls2.gamma").getArr().assign(0);
        }
        String name = t.prenorm().name();
        try (Plan plan = Plan.compile(sd, List.of(name), Map.of(), Bindings.NONE, providers.list(), Collective.ALONE)) {
            plan.input("x").assign(images);
            plan.run();
            return plan.output(name).dup('c');
        }
    }
}
