package io.dino4j.train.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.schedule.Hyper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

final class ShardsTest {
    private static final Hyper NOW = new Hyper(0.01, 0.1, 0.9, 0.04, 0.02);

    /** Blocks of 35, 3, 4096, 4096, 4096, 1 and 4095 elements, in three sub-networks. */
    private static ParameterGroups groups() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("backbone.pos_embed", new long[] {1, 5, 7});
        shapes.put("backbone.blocks.0.norm1.weight", new long[] {3});
        shapes.put("backbone.blocks.0.mlp.fc1.weight", new long[] {2, Blocks.SIZE});
        shapes.put("dino_head.mlp.0.bias", new long[] {Blocks.SIZE + 1});
        shapes.put("ibot_head.last_layer.weight_v", new long[] {Blocks.SIZE - 1});
        return ParameterGroups.of(ParameterLayout.of(shapes), 0.9, 0.2);
    }

    @Test
    void boundariesAreThoseOfBlocksNearestToEqualParts() {
        ParameterGroups groups = groups(); // 16422 elements, blocks begin at 0 35 38 4134 8230 12326 12327
        assertEquals(List.of(new Shard(0, 16422)), Shards.of(groups, 1));
        assertEquals(List.of(new Shard(0, 8230), new Shard(8230, 16422)), Shards.of(groups, 2));
        assertEquals(
                List.of(new Shard(0, 4134), new Shard(4134, 12326), new Shard(12326, 16422)), Shards.of(groups, 3));
        assertEquals(
                List.of(0L, 35L, 38L, 4134L, 8230L, 12326L, 12327L),
                Shards.of(groups, 7).stream().map(Shard::from).toList());
        assertThrows(IllegalArgumentException.class, () -> Shards.of(groups, 8));
        assertThrows(IllegalArgumentException.class, () -> Shards.of(groups, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7})
    void partsComeToTheBitsOfTheWhole(int shards) {
        ParameterGroups groups = groups();
        float[][] whole;
        List<float[][]> parts = new ArrayList<>();
        try (Workers workers = new Workers(2)) {
            GradientClip clip = new GradientClip(groups, 3, workers);
            List<GradientClip.Clipping> clippings = new ArrayList<>();
            for (int step = 0; step < 3; step++) {
                ParameterVector gradients = cut(groups, new Shard(0, 16422), 10 + step);
                double[] squares = Shards.of(groups, shards).stream()
                        .map(s -> squares(groups, s, gradients, workers))
                        .flatMapToDouble(Arrays::stream)
                        .toArray();
                clippings.add(clip.clipping(squares));
                assertArrayEquals(
                        clip.measure(gradients).norms(), clippings.get(step).norms());
                assertTrue(clippings.get(step).factors()[0] < 1);
            }
            whole = run(groups, new Shard(0, 16422), clippings, workers);
            for (Shard shard : Shards.of(groups, shards)) {
                parts.add(run(groups, shard, clippings, workers));
            }
        }
        for (int v = 0; v < 4; v++) {
            int at = 0;
            for (float[][] part : parts) {
                assertArrayEquals(Arrays.copyOfRange(whole[v], at, at += part[v].length), part[v]);
            }
            assertEquals(16422, at);
        }
    }

    private static double[] squares(ParameterGroups groups, Shard shard, ParameterVector whole, Workers workers) {
        ParameterGroups part = groups.part(shard);
        ParameterVector gradients = ParameterVector.zeros(part.layout(), DataType.FLOAT);
        gradients
                .vector()
                .assign(Nd4j.createFromArray(
                        Arrays.copyOfRange(whole.vector().toFloatVector(), (int) shard.from(), (int) shard.to())));
        return new GradientClip(part, 0, workers).blockSquares(gradients);
    }

    /** Student, teacher and moments of a range after three steps, the first of which passes the backbone by. */
    private static float[][] run(
            ParameterGroups groups, Shard shard, List<GradientClip.Clipping> clippings, Workers workers) {
        AdamW adam = new AdamW(groups.part(shard), AdamW.Constants.DEFAULT, workers);
        adam.freeze("backbone", 1);
        ParameterVector student = cut(groups, shard, 1);
        ParameterVector teacher = cut(groups, shard, 2);
        for (int step = 0; step < clippings.size(); step++) {
            adam.update(student, cut(groups, shard, 10 + step), clippings.get(step), teacher, NOW);
        }
        return new float[][] {
            student.vector().toFloatVector(),
            teacher.vector().toFloatVector(),
            adam.firstMoment().vector().toFloatVector(),
            adam.secondMoment().vector().toFloatVector()
        };
    }

    private static ParameterVector cut(ParameterGroups groups, Shard shard, long seed) {
        ParameterVector vector = ParameterVector.zeros(groups.part(shard).layout(), DataType.FLOAT);
        SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i < shard.to(); i++) {
            float value = (float) (random.nextDouble() - 0.5);
            if (i >= shard.from()) {
                vector.vector().putScalar(i - shard.from(), value);
            }
        }
        return vector;
    }

    @Test
    void aPartKeepsNamesAndNumbersOfSubNetworks() {
        ParameterGroups part = groups().part(new Shard(8230, 16422));
        assertEquals(
                List.of("dino_head.mlp.0.bias", "ibot_head.last_layer.weight_v"),
                part.layout().names());
        assertEquals(8192, part.layout().length());
        assertEquals(groups().subNetworks(), part.subNetworks());
        assertEquals(1, part.ranges().get(0).subNetwork());
        assertEquals(2, part.groups().size());
        assertThrows(IllegalArgumentException.class, () -> groups().part(new Shard(0, 16423)));
        assertThrows(IllegalArgumentException.class, () -> new Shard(5, 5));
    }
}
