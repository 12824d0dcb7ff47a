package io.dino4j.train.cluster.server;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.train.Recipe;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.optim.AdamW;
import io.dino4j.train.optim.GradientClip;
import io.dino4j.train.optim.ParameterGroups;
import io.dino4j.train.optim.Shard;
import io.dino4j.train.optim.Shards;
import io.dino4j.train.optim.Workers;
import io.dino4j.train.schedule.Hyper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;

/** A run whose gradients are drawn, and what one process makes of it. */
final class TinyRun {
    static final RunConfig CONFIG = ConfigLayers.defaults()
            .overrides(List.of(
                    "dino.head_n_prototypes=24",
                    "dino.head_bottleneck_dim=16",
                    "dino.head_hidden_dim=32",
                    "ibot.separate_head=false",
                    "train.batch_size_per_gpu=2",
                    "train.centering=centering",
                    "train.OFFICIAL_EPOCH_LENGTH=1",
                    "student.arch=vit_nano",
                    "student.patch_size=8",
                    "student.embed_dim=32",
                    "student.depth=1",
                    "student.num_heads=2",
                    "optim.epochs=6",
                    "optim.warmup_epochs=0",
                    "optim.freeze_last_layer_epochs=0",
                    "optim.freeze_backbone_steps=2",
                    "teacher.warmup_teacher_temp_epochs=0",
                    "optim.layerwise_decay=0.8",
                    "crops.global_crops_size=32",
                    "crops.local_crops_size=16"))
            .resolve();
    static final String YAML = CONFIG.toYaml();
    static final String HASH = CONFIG.hash();
    static final ParameterLayout LAYOUT = Recipe.step(CONFIG).student().layout();
    static final ParameterGroups GROUPS = ParameterGroups.of(
            LAYOUT, CONFIG.optim().layerwiseDecay(), CONFIG.optim().patchEmbedLrMult());
    static final int LENGTH = (int) LAYOUT.length();
    static final int EXTRAS = Recipe.extras(CONFIG);

    /** States after 0, 1, … steps, each vector whole. */
    final List<Map<StateVector, float[]>> states = new ArrayList<>();

    /** Gradients of each step and rank. */
    final List<float[][]> gradients = new ArrayList<>();

    /** Works the run out in the plain way. */
    TinyRun(int worldSize, int steps, Workers workers) {
        ParameterVector student = vector(start(1));
        ParameterVector teacher = vector(start(2));
        AdamW adam = new AdamW(GROUPS, AdamW.Constants.DEFAULT, workers);
        adam.freeze("backbone", CONFIG.optim().freezeBackboneSteps());
        GradientClip clip = new GradientClip(GROUPS, CONFIG.optim().clipGrad(), workers);
        keep(student, teacher, adam);
        for (int step = 0; step < steps; step++) {
            float[][] ofRanks = new float[worldSize][];
            float[] sum = {};
            for (int rank = 0; rank < worldSize; rank++) {
                ofRanks[rank] = drawn(1000 + step * 64 + rank, 0.1f);
                sum = rank == 0 ? ofRanks[0].clone() : sum;
                for (int i = 0; rank > 0 && i < LENGTH; i++) {
                    sum[i] += ofRanks[rank][i];
                }
            }
            gradients.add(ofRanks);
            ParameterVector all = vector(sum);
            adam.update(student, all, clip.measure(all), teacher, hyper(step));
            keep(student, teacher, adam);
        }
    }

    private void keep(ParameterVector student, ParameterVector teacher, AdamW adam) {
        Map<StateVector, float[]> state = new EnumMap<>(StateVector.class);
        state.put(StateVector.STUDENT, student.vector().toFloatVector());
        state.put(StateVector.TEACHER, teacher.vector().toFloatVector());
        state.put(StateVector.FIRST, adam.firstMoment().vector().toFloatVector());
        state.put(StateVector.SECOND, adam.secondMoment().vector().toFloatVector());
        state.put(StateVector.EXTRAS, Arrays.copyOf(drawn(7 + states.size(), 1), EXTRAS));
        states.add(state);
    }

    /** Where the floats of a vector lie that a server holds; empty if it holds none. */
    static Optional<Shard> range(StateVector vector, List<Shard> shards, int server) {
        if (vector != StateVector.EXTRAS) {
            return Optional.of(shards.get(server));
        }
        return server == 0 ? Optional.of(new Shard(0, EXTRAS)) : Optional.empty();
    }

    static List<Shard> shards(int shards) {
        return Shards.of(GROUPS, shards);
    }

    static Hyper hyper(long step) {
        return new Hyper(0.01 / (1 + step), 0.04, 0.9, 0, 0.02);
    }

    static float[] start(int seed) {
        return drawn(seed, 1);
    }

    private static float[] drawn(long seed, float scale) {
        float[] values = new float[LENGTH];
        long z = seed * 0x9E3779B97F4A7C15L;
        for (int i = 0; i < LENGTH; i++) {
            z = z * 6364136223846793005L + 1442695040888963407L;
            values[i] = scale * ((z >>> 40) / (float) (1 << 24) - 0.5f);
        }
        return values;
    }

    static ParameterVector vector(float[] values) {
        ParameterVector vector = ParameterVector.zeros(LAYOUT, DataType.FLOAT);
        vector.vector().data().setData(values);
        return vector;
    }
}
