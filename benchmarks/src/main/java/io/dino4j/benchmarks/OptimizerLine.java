package io.dino4j.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** AdamW and the moving average in one pass over memory, against a plain copy of memory. */
record OptimizerLine() implements Line {
    private static final double GIGA = 1e9;

    @Override
    public String name() {
        return "optimizer";
    }

    @Override
    public String title() {
        return "AdamW + moving average of ViT-S/14 with its heads, against a copy of memory";
    }

    @Override
    public List<Row> measure(Setting setting) throws LineFailure {
        String threads = "threads=" + setting.threads();
        List<String> words = new ArrayList<>(List.of(StepSetting.OFFICIAL.words("optimizer")));
        words.add(threads);
        try (SubjectProcess update = SubjectProcess.ours(setting, "AdamW + EMA", words.toArray(String[]::new));
                SubjectProcess copy = SubjectProcess.ours(setting, "memory copy", "copy", threads)) {
            List<Measured> m = new Contest(7, 15).hold(setting, List.of(update, copy));
            double ours = gigabytesPerSecond(m.get(0));
            double theirs = gigabytesPerSecond(m.get(1));
            return List.of(Row.of("AdamW + EMA", "GB/s", ours)
                    .against("memory copy", theirs, ours / theirs)
                    .memory(m.get(0)));
        }
    }

    private static double gigabytesPerSecond(Measured m) {
        return m.facts().get("bytes").asDouble() / m.median() / GIGA;
    }
}
