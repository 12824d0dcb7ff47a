package io.dino4j.train.sweep;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * Stands for training: an accuracy that is known beforehand, with its best at a learning rate of 3e-3, 5 local crops and centring. It loses 0.1
 * for each decade, 0.02 for each crop and 0.1 for the other way to balance. A curve rises to it in 5 measurements, 10 steps apart.
 */
class Planted implements CandidateRunner {
    static final double BEST = 0.9;
    static final String LR = "optim.base_lr";
    static final String CROPS = "crops.local_crops_number";
    static final String CENTERING = "train.centering";
    static final List<Dimension> SPACE = List.of(
            new Dimension.Range(LR, 1e-4, 1e-1, true, false),
            new Dimension.Range(CROPS, 0, 8, false, true),
            new Dimension.Choice(CENTERING, List.of("sinkhorn_knopp", "centering")));

    final List<Integer> trained = Collections.synchronizedList(new ArrayList<>());
    private final ToDoubleFunction<Candidate> score;

    Planted() {
        this(c -> score(c.assignments()));
    }

    Planted(ToDoubleFunction<Candidate> score) {
        this.score = score;
    }

    static double score(List<String> assignments) {
        CandidateResult values =
                new CandidateResult(0, assignments, CandidateResult.Status.FAILED, 0, 0, new TreeMap<>(), "");
        double decades = Math.abs(Math.log10(Double.parseDouble(values.value(LR)) / 3e-3));
        int crops = Math.abs(Integer.parseInt(values.value(CROPS)) - 5);
        return BEST - 0.1 * decades - 0.02 * crops - (values.value(CENTERING).equals("centering") ? 0 : 0.1);
    }

    @Override
    public Outcome run(Candidate candidate, Watch watch) {
        trained.add(candidate.index());
        try {
            Files.createDirectories(candidate.folder().resolve("run/checkpoints"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        NavigableMap<Long, Double> curve = new TreeMap<>();
        for (long step = 10; step <= 50; step += 10) {
            curve.put(step, score.applyAsDouble(candidate) - 0.1 * (50 - step) / 50);
            watch.at(step);
            if (!watch.goesOn(curve)) {
                return new Outcome(Ending.ENDED, "");
            }
        }
        return new Outcome(Ending.DONE, "");
    }

    @Override
    public void stop() {
        // it is quick
    }
}
