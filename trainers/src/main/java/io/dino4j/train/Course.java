package io.dino4j.train;

import io.dino4j.data.Progress;
import io.dino4j.train.checkpoint.CheckpointStore;
import io.dino4j.train.cluster.worker.RegroupException;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The steps of a phase, recorded: metrics, checkpoints, evaluations. */
final class Course {
    private final Pretrainer.Request request;
    private final RunConfig config;
    private final Phase phase;
    private final Trainer trainer;
    private final Evaluations evaluations;
    private final CheckpointStore checkpoints;
    private final RollbackHistory rollbacks;
    private final Map<String, String> versions;
    private final Progress progress;
    private final StepObserver observer;
    private long saved;
    private int skipped;

    /** Where a run is, and whether it was moved there by others. */
    private record Place(long step, boolean moved) {}

    Course(
            Pretrainer.Request request,
            Phase phase,
            Trainer trainer,
            Evaluations evaluations,
            CheckpointStore checkpoints,
            RollbackHistory rollbacks,
            Map<String, String> versions,
            Progress progress,
            StepObserver observer) {
        this.request = request;
        this.config = phase.config();
        this.phase = phase;
        this.trainer = trainer;
        this.evaluations = evaluations;
        this.checkpoints = checkpoints;
        this.rollbacks = rollbacks;
        this.versions = versions;
        this.progress = progress;
        this.observer = observer;
    }

    /**
     * Runs to the end of the phase, or until it is asked to stop; leaves a checkpoint.
     *
     * @param start the step that the trainer has been brought to
     * @return steps done
     */
    long run(long start, BooleanSupplier stop) throws IOException {
        saved = start;
        Place place = new Place(trainer.begin(start), true);
        long first = place.step;
        trainer.meanwhile(() -> evaluations.before(first));
        long seed = rollbacks.dataSeed(config.train().seed());
        while (place.moved) {
            long step = place.step;
            try (StepBatches batches =
                            StepBatches.open(request.images(), config, trainer.ranks(), seed, step, progress::say);
                    MetricsLog metrics = MetricsLog.open(request.directory().metricsFile(), step)) {
                recordMissing(metrics, step);
                place = train(step, batches, metrics, stop);
                skipped += batches.skippedCount();
            }
        }
        progress.end();
        return place.step;
    }

    /** Unreadable images. */
    int skippedCount() {
        return skipped;
    }

    /** A step that others have completed while this process was gone has a record all the same. */
    private void recordMissing(MetricsLog metrics, long step) throws IOException {
        Optional<StepNote> note = request.topology()
                .last()
                .filter(n -> n.step() == step - 1 && !n.values().isEmpty());
        if (note.isPresent()) {
            List<MetricsLog.Record> known = MetricsLog.read(request.directory().metricsFile());
            if (known.isEmpty() || known.get(known.size() - 1).step() < step - 1) {
                metrics.write(step - 1, note.get().values());
            }
        }
    }

    private Place train(long first, StepBatches batches, MetricsLog metrics, BooleanSupplier stop) {
        long total = phase.end();
        long step = first;
        progress.begin(phase.task(), first, total);
        try {
            if (first > saved) {
                after(first, false); // what a fault has kept from being done
            }
            long start = System.nanoTime();
            while (step < total && !stop.getAsBoolean()) {
                Map<String, Double> values;
                try (StepBatches.Micro micro = batches.next()) {
                    values = trainer.step(step, micro.batches());
                    observer.step(micro.batches().get(0), evaluations.teacher());
                }
                long now = System.nanoTime();
                values.put("images_per_second", config.train().imagesPerStep() * 1e9 / (now - start));
                start = now;
                values.putAll(rollbacks.event(step));
                metrics.write(step, values);
                step++;
                progress.advance(step, values);
                if (after(step, stop.getAsBoolean())) {
                    start = System.nanoTime();
                }
            }
            if (saved < step) {
                save(step);
            }
            return new Place(step, false);
        } catch (RegroupException e) {
            progress.say(e.getMessage());
            return new Place(trainer.beginAgain(step), true);
        }
    }

    /** What is due after a step; true if it took its time. */
    private boolean after(long step, boolean stops) {
        if (phase.local(step) % config.train().checkpointPeriod() == 0 || stops) {
            save(step);
        }
        boolean due = evaluations.isDue(step) && step < phase.end();
        if (due) {
            trainer.settle(step);
            trainer.meanwhile(() -> evaluations.during(step));
            progress.begin(phase.task(), step, phase.end());
        }
        return due;
    }

    private void save(long step) {
        trainer.settle(step);
        trainer.meanwhile(() -> checkpoints.save(
                trainer.state(step, request.images().size(), versions), trainer.checked(step), trainer.goodUpTo(step)));
        saved = step;
    }
}
