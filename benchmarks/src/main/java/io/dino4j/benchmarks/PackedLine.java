package io.dino4j.benchmarks;

import java.util.List;

/** Global and local crops in one packed pass, as we train, against a pass for each size. */
record PackedLine() implements Line {
    private static final String CROPS = "crops=8x224,32x98";
    private static final double GIGA = 1e9;

    @Override
    public String name() {
        return "packed";
    }

    @Override
    public String title() {
        return "ViT-S/14 forward + backward, 8 x 224 + 32 x 98: one packed pass against two";
    }

    @Override
    public List<Row> measure(Setting setting) throws LineFailure {
        try (SubjectProcess packed =
                        SubjectProcess.ours(setting, "packed", "backbone", "preset=vits14", CROPS, "training=true");
                SubjectProcess two = SubjectProcess.ours(
                        setting, "two passes", "backbone", "preset=vits14", CROPS, "training=true", "passes=true")) {
            List<Measured> m = Contest.USUAL.hold(setting, List.of(packed, two));
            Measured a = m.get(0);
            Measured b = m.get(1);
            return List.of(
                    Row.of("packed crops, time", "s", a.median())
                            .against(b.name(), b.median(), b.median() / a.median())
                            .memory(a, b),
                    Row.of("packed crops, intermediate arrays", "GB", a.planBytes() / GIGA)
                            .against(b.name(), b.planBytes() / GIGA, b.planBytes() / (double) a.planBytes()));
        }
    }
}
