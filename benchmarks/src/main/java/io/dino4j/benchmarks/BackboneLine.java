package io.dino4j.benchmarks;

import io.dino4j.graph.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The backbone against libtorch and, forward in f32, ONNX Runtime: the same weights and images, and results that agree before anything
 * is said about time.
 *
 * @param training with the gradient of every parameter
 */
record BackboneLine(boolean training, Precision precision) implements Line {
    private static final int BATCH = 8;
    private static final int SIZE = 224;
    private static final int TOKENS = 257;
    private static final int DIM = 384;
    private static final String UNIT = "images/s";
    private static final double GIGA = 1e9;

    /** Norm of the difference of results over their norm. */
    private static final double F32_APART = 1e-3;

    /** bf16 has 8 bits: 0.4% an operation, over 12 blocks and back. */
    private static final double BF16_APART = 0.1;

    @Override
    public String name() {
        return (training ? "train-" : "forward-") + Setting.name(precision);
    }

    @Override
    public String title() {
        return "ViT-S/14 %s, %s, batch %d, %d x %d"
                .formatted(training ? "forward + backward" : "forward", Setting.name(precision), BATCH, SIZE, SIZE);
    }

    @Override
    public List<Row> measure(Setting setting) throws LineFailure {
        boolean torch = setting.has(setting.torchScript(precision))
                && setting.has(setting.torchScript(Precision.F32))
                && setting.has(setting.weights());
        boolean onnx = !training && precision == Precision.F32 && setting.has(setting.onnx()) && torch;
        List<SubjectProcess> subjects = new ArrayList<>();
        try {
            subjects.add(ours(setting, torch));
            subjects.add(SubjectProcess.ours(setting, "matrix product", "gemm", "precision=" + precision));
            if (torch) {
                subjects.add(libtorch(setting, precision));
            }
            if (onnx) {
                subjects.add(SubjectProcess.onnxRuntime(setting, "batch=" + BATCH, "size=" + SIZE));
            }
            List<Measured> measured = Contest.USUAL.hold(setting, subjects);
            if (torch) {
                requireAgreement(setting, subjects);
            }
            return rows(measured);
        } finally {
            subjects.forEach(SubjectProcess::close);
        }
    }

    private SubjectProcess ours(Setting setting, boolean weights) throws LineFailure {
        List<String> words = new ArrayList<>(List.of(
                "backbone",
                "preset=vits14",
                "crops=%dx%d".formatted(BATCH, SIZE),
                "training=" + training,
                "precision=" + precision));
        if (weights) {
            words.add("weights=" + setting.weights());
        }
        return SubjectProcess.ours(setting, "dino4j", words.toArray(String[]::new));
    }

    private SubjectProcess libtorch(Setting setting, Precision computed) throws LineFailure {
        return SubjectProcess.libtorch(
                setting,
                computed,
                "training=" + training,
                "batch=" + BATCH,
                "size=" + SIZE,
                "tokens=" + TOKENS,
                "dim=" + DIM);
    }

    /** Every subject is held against libtorch in f32. */
    private void requireAgreement(Setting setting, List<SubjectProcess> subjects) throws LineFailure {
        SubjectProcess torch = subjects.get(2);
        if (precision == Precision.F32) {
            requireAgreement(setting, subjects.get(0), torch, true);
            for (SubjectProcess other : subjects.subList(3, subjects.size())) {
                requireAgreement(setting, other, torch, true);
            }
            return;
        }
        try (SubjectProcess reference = libtorch(setting, Precision.F32)) {
            requireAgreement(setting, subjects.get(0), reference, true);
            // its gradients of layer-norm biases are far off in bf16, the rest is not
            requireAgreement(setting, torch, reference, false);
        }
    }

    /** Compares with the reference: array by array, or all arrays together. */
    private void requireAgreement(Setting setting, SubjectProcess subject, SubjectProcess reference, boolean everyArray)
            throws LineFailure {
        Agreement a = Agreement.of(subject, reference, setting.work());
        String apart = String.format(
                Locale.ROOT,
                "results of %s and %s: largest difference %.2g, relative %.2g, at most %.2g in an array (%s)",
                subject.name(),
                reference.name(),
                a.largest(),
                a.overall(),
                a.relative(),
                a.where());
        setting.tell().accept("  " + apart);
        double allowed = precision == Precision.BF16 ? BF16_APART : F32_APART;
        if (!((everyArray ? a.relative() : a.overall()) <= allowed)) {
            throw new LineFailure("nothing to compare: " + apart);
        }
    }

    private List<Row> rows(List<Measured> measured) {
        Measured us = measured.get(0);
        double gemm = measured.get(1).facts().get("gflops").asDouble();
        double share = us.facts().get("flops").asDouble() / us.median() / GIGA / gemm;
        String what = (training ? "forward + backward " : "forward ") + Setting.name(precision);
        List<Row> rows = new ArrayList<>();
        if (measured.size() == 2) {
            rows.add(Row.of(what, UNIT, BATCH / us.median()).ofPeak(share).memory(us));
        }
        for (Measured rival : measured.subList(2, measured.size())) {
            Row row = Row.of(what, UNIT, BATCH / us.median())
                    .against(rival.name(), BATCH / rival.median(), rival.median() / us.median())
                    .ofPeak(share)
                    .memory(us, rival);
            rows.add(rival == measured.get(2) ? row.wanting(timesGoal()) : row);
        }
        if (!training) {
            rows.add(Row.of(what + ", of the fastest matrix product", "GFLOP/s", share * gemm)
                    .against("matrix product " + Setting.name(precision), gemm, share)
                    .wanting(Goal.atLeast(precision == Precision.F32 ? 0.75 : 0.55)));
        } else if (measured.size() > 2) {
            Measured torch = measured.get(2);
            rows.add(Row.of(what + ", peak memory", "GB", us.peakBytes() / GIGA)
                    .against(torch.name(), torch.peakBytes() / GIGA, us.peakBytes() / (double) torch.peakBytes())
                    .wanting(Goal.atMost(0.5)));
            rows.add(Row.of(what + ", peak memory after the warm-up", "GB", us.runningPeakBytes() / GIGA)
                    .against(
                            torch.name(),
                            torch.runningPeakBytes() / GIGA,
                            us.runningPeakBytes() / (double) torch.runningPeakBytes()));
        }
        return rows;
    }

    private Goal timesGoal() {
        if (precision == Precision.BF16) {
            return Goal.atLeast(2.5);
        }
        return Goal.atLeast(training ? 1.35 : 1.3);
    }
}
