package io.dino4j.benchmarks;

import io.dino4j.graph.Precision;
import java.util.List;

/**
 * The training step of ViT-S/14 without the optimiser. What the official code took was measured once with PyTorch 2.13 and MKL on a
 * machine with the same two cores; it is a fixed bound here, not a rival.
 */
record StepLine() implements Line {
    private static final double GIGA = 1e9;
    private static final String OFFICIAL = "official code, as recorded";
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
        // two at a time: each takes gigabytes
        List<Measured> precisions = pair(
                setting,
                "step",
                official.words("step"),
                "step, bf16",
                official.in(Precision.BF16).words("step"));
        List<Measured> depths = pair(
                setting,
                "step, drop path 0.4",
                official.with(0.4).words("step"),
                "step, no drop path",
                official.with(0).words("step"));
        Measured us = precisions.get(0);
        Measured half = precisions.get(1);
        Measured dropping = depths.get(0);
        Measured whole = depths.get(1);
        return List.of(
                Row.of("SSL step f32", "s", us.median()).memory(us).wanting(Goal.atMost(1.7)),
                Row.of("SSL step f32, of the official code's recorded time", "s", us.median())
                        .against(OFFICIAL, OFFICIAL_SECONDS, OFFICIAL_SECONDS / us.median()),
                Row.of("SSL step f32, peak memory", "GB", us.peakBytes() / GIGA)
                        .against(OFFICIAL, OFFICIAL_GIGABYTES, us.peakBytes() / GIGA / OFFICIAL_GIGABYTES)
                        .wanting(Goal.atMost(1.2 / OFFICIAL_GIGABYTES)),
                Row.of("SSL step, drop path 0.4, share of the time saved", "s", dropping.median())
                        .against("no drop path", whole.median(), 1 - dropping.median() / whole.median())
                        .memory(dropping, whole)
                        .wanting(Goal.atLeast(0.3)),
                Row.of("SSL step bf16", "s", half.median())
                        .against("f32", us.median(), us.median() / half.median())
                        .memory(half, us));
    }

    private static List<Measured> pair(Setting setting, String one, String[] words, String other, String[] otherWords)
            throws LineFailure {
        try (SubjectProcess a = SubjectProcess.ours(setting, one, words);
                SubjectProcess b = SubjectProcess.ours(setting, other, otherWords)) {
            return new Contest(9, 20).hold(setting, List.of(a, b));
        }
    }
}
