package io.dino4j.benchmarks;

import java.util.List;

/** Stochastic depth leaves images out of a branch rather than multiply them by zero: it saves time. */
record DropPathLine() implements Line {
    private static final double RATE = 0.4;

    @Override
    public String name() {
        return "drop-path";
    }

    @Override
    public String title() {
        return "stochastic depth %s against none, ViT-S/14 forward + backward, batch 10".formatted(RATE);
    }

    @Override
    public List<Row> measure(Setting setting) throws LineFailure {
        // a batch of which the rate leaves a whole number
        String[] words = {"backbone", "preset=vits14", "crops=10x224", "training=true", "drop=" + RATE};
        String[] none = words.clone();
        none[none.length - 1] = "drop=0";
        try (SubjectProcess dropping = SubjectProcess.ours(setting, "drop path " + RATE, words);
                SubjectProcess whole = SubjectProcess.ours(setting, "no drop path", none)) {
            List<Measured> m = Contest.USUAL.hold(setting, List.of(dropping, whole));
            double saved = 1 - m.get(0).median() / m.get(1).median();
            return List.of(Row.of(
                            "stochastic depth %s, share of the time saved".formatted(RATE),
                            "s",
                            m.get(0).median())
                    .against("none", m.get(1).median(), saved)
                    .memory(m.get(0), m.get(1))
                    .wanting(Goal.atLeast(0.3)));
        }
    }
}
