package io.dino4j.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What a long run leaves behind: Java objects and memory of 2,000 steps of a tiny network. */
record SteadyLine() implements Line {
    private static final int STEPS = 2000;
    private static final int TURN = 100;
    private static final double MEGA = 1e6;

    private static final String TINY = String.join(
            ";",
            "student.depth=2",
            "dino.head_n_prototypes=64",
            "ibot.head_n_prototypes=64",
            "train.batch_size_per_gpu=4",
            "crops.local_crops_number=2",
            "crops.global_crops_size=32",
            "crops.local_crops_size=16",
            "optim.epochs=1000",
            "optim.clip_grad=3.0");

    @Override
    public String name() {
        return "steady";
    }

    @Override
    public String title() {
        return "%,d complete steps of a tiny network: allocation and memory".formatted(STEPS);
    }

    @Override
    public List<Row> measure(Setting setting) throws LineFailure {
        try (SubjectProcess p =
                SubjectProcess.ours(setting, "tiny training", "training", "preset=nano", "set=" + TINY)) {
            List<JsonNode> turns = new ArrayList<>();
            List<Double> seconds = new ArrayList<>();
            for (int step = 0; step < STEPS; step += TURN) {
                JsonNode turn = p.run(TURN);
                turns.add(turn);
                turn.get("seconds").forEach(s -> seconds.add(s.asDouble()));
            }
            JsonNode middle = turns.get(turns.size() / 2 - 1);
            JsonNode last = turns.get(turns.size() - 1);
            double allocated = turns.subList(turns.size() / 2, turns.size()).stream()
                            .mapToDouble(t -> t.get("allocated_bytes").asDouble())
                            .sum()
                    / ((turns.size() - turns.size() / 2) * TURN);
            Measured m = new Measured(p.name(), seconds, 0, allocated, p.facts());
            return List.of(
                    Row.of("Java bytes allocated a step", "bytes", allocated)
                            .wanting(Goal.atMost(0))
                            .memory(m),
                    Row.of(
                                    "resident memory, growth over steps 1,001 to 2,000",
                                    "MB",
                                    growth(middle, last, "resident_bytes"))
                            .wanting(Goal.atMost(1)),
                    Row.of(
                                    "native memory, growth over steps 1,001 to 2,000",
                                    "MB",
                                    growth(middle, last, "native_bytes"))
                            .wanting(Goal.atMost(0)));
        }
    }

    private static double growth(JsonNode from, JsonNode to, String what) {
        return (to.get(what).asDouble() - from.get(what).asDouble()) / MEGA;
    }
}
