package io.dino4j.benchmarks;

import io.dino4j.graph.Precision;
import java.util.List;

/**
 * The training step of ViT-S/14 without the optimiser. What the official code took was measured once with PyTorch 2.13 and MKL on a
 * machine with the same two cores; it is a fixed bound here, not a rival.
 */
record StepLine() implements Line {
    private static final double GIGA = 1e9;
    private static final double OFFICIAL_SECONDS = 2.54;
    private static final double OFFICIAL_GIGABYTES = 2.3;

    @Override
    public String name() {
        return "step";
    }

    @Override
    public String title() {
        return "SSL step of ViT-S/14: batch 4, 2 x 224 + 8 x 98, 65,536 prototypes, drop path 0.3, teacher included";
    }

    @Override
    public List<Row> measure(Setting setting) throws LineFailure {
        StepSetting official = StepSetting.OFFICIAL;
        try (SubjectProcess step = SubjectProcess.ours(setting, "step", official.words("step"));
                SubjectProcess deeper = SubjectProcess.ours(
                        setting, "step, drop path 0.4", official.with(0.4).words("step"));
                SubjectProcess whole = SubjectProcess.ours(
                        setting, "step, no drop path", official.with(0).words("step"));
                SubjectProcess half = SubjectProcess.ours(
                        setting, "step, bf16", official.in(Precision.BF16).words("step"))) {
            List<Measured> m = Contest.USUAL.hold(setting, List.of(step, deeper, whole, half));
            Measured us = m.get(0);
            double saved = 1 - m.get(1).median() / m.get(2).median();
            return List.of(
                    Row.of("SSL step f32", "s", us.median()).memory(us).wanting(Goal.atMost(1.7)),
                    Row.of("SSL step f32, of the official code's recorded time", "s", us.median())
                            .against("official code, as recorded", OFFICIAL_SECONDS, OFFICIAL_SECONDS / us.median()),
                    Row.of("SSL step f32, peak memory", "GB", us.peakBytes() / GIGA)
                            .against(
                                    "official code, as recorded",
                                    OFFICIAL_GIGABYTES,
                                    us.peakBytes() / GIGA / OFFICIAL_GIGABYTES)
                            .wanting(Goal.atMost(1.2 / OFFICIAL_GIGABYTES)),
                    Row.of(
                                    "SSL step, drop path 0.4, share of the time saved",
                                    "s",
                                    m.get(1).median())
                            .against("no drop path", m.get(2).median(), saved)
                            .memory(m.get(1), m.get(2))
                            .wanting(Goal.atLeast(0.3)),
                    Row.of("SSL step bf16", "s", m.get(3).median())
                            .against("f32", us.median(), us.median() / m.get(3).median())
                            .memory(m.get(3), us));
        }
    }
}
