package io.dino4j.benchmarks;

import io.dino4j.graph.Precision;
import java.util.ArrayList;
import java.util.List;

/** Memory against the number of tokens: it grows in proportion, because no attention matrix is ever whole. */
record AttentionMemoryLine() implements Line {
    private static final int[] SIZES = {224, 392, 518, 784};
    private static final int BATCH = 2;
    private static final double GIGA = 1e9;
    private static final String LARGE = "ViT-S/14 at 518 x 518, batch 2, complete steps, peak memory";

    @Override
    public String name() {
        return "attention-memory";
    }

    @Override
    public String title() {
        return "memory of ViT-S/14 forward + backward, batch 2, against the number of tokens";
    }

    @Override
    public List<Row> measure(Setting setting) throws LineFailure {
        List<Row> rows = new ArrayList<>();
        List<Double> bytesPerToken = new ArrayList<>();
        for (int size : SIZES) {
            String what = "intermediate arrays at %d x %d".formatted(size, size);
            setting.tell().accept("  " + what);
            try (SubjectProcess p = SubjectProcess.ours(
                    setting,
                    "backbone " + size,
                    "backbone",
                    "preset=vits14",
                    "crops=%dx%d".formatted(BATCH, size),
                    "training=true")) {
                Measured m = once(p, 2);
                int tokens = m.facts().get("tokens").asInt();
                bytesPerToken.add((double) m.planBytes() / tokens);
                rows.add(Row.of(what + ", %d tokens".formatted(tokens), "GB", m.planBytes() / GIGA)
                        .memory(m));
            }
        }
        double growth = bytesPerToken.get(SIZES.length - 1) / bytesPerToken.get(0);
        rows.add(Row.of(
                        "bytes a token, %d against %d pixels".formatted(SIZES[SIZES.length - 1], SIZES[0]),
                        "times",
                        growth)
                .wanting(Goal.atMost(1.1)));
        setting.tell().accept("  " + LARGE);
        String[] complete = new StepSetting(2, 518, 0.3, Precision.F32).words("training");
        try (SubjectProcess p = SubjectProcess.ours(setting, "training 518", complete)) {
            Measured m = once(p, 2);
            rows.add(Row.of(LARGE, "GB", m.peakBytes() / GIGA).memory(m).wanting(Goal.atMost(4)));
        }
        return rows;
    }

    /** Memory does not need many runs. */
    private static Measured once(SubjectProcess p, int runs) throws LineFailure {
        List<Double> seconds = new ArrayList<>();
        p.run(runs).get("seconds").forEach(s -> seconds.add(s.asDouble()));
        return new Measured(p.name(), seconds, 0, 0, p.facts());
    }
}
