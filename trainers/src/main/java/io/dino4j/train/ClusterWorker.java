package io.dino4j.train;

import io.dino4j.data.Progress;
import io.dino4j.data.source.ImageSource;
import io.dino4j.graph.exec.Sessions;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.train.cluster.worker.FrameChannel;
import io.dino4j.train.cluster.worker.LostStateException;
import io.dino4j.train.cluster.worker.ParameterClient;
import io.dino4j.train.cluster.worker.RegroupException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.sentinel.TroubleException;
import java.util.List;

/**
 * A worker that only works: it has its ranks of every step, and leaves metrics, checkpoints and evaluations to the chief. It ends when the run
 * does, and waits when the chief is gone before that.
 */
public final class ClusterWorker {
    private final RunConfig config;
    private final ImageSource images;
    private final ClusterTopology topology;
    private final ParameterClient client;
    private final List<KernelProvider> providers;
    private final Progress progress;
    private volatile boolean stopping;

    /**
     * A worker that has not begun.
     *
     * @param config of the whole run; must be the chief's
     * @param images the same as the chief's, in the same order
     * @param name unique in the run
     * @param dialer opens the way to a server
     * @param options how it takes part; it is not the chief
     * @param providers who computes the ops, the first that can
     * @param progress told of steps
     */
    public ClusterWorker(
            RunConfig config,
            ImageSource images,
            String name,
            FrameChannel.Dialer dialer,
            ClusterOptions options,
            List<KernelProvider> providers,
            Progress progress) {
        this.images = images;
        this.client = new ParameterClient(name, dialer, progress::say);
        this.topology = new ClusterTopology(client, options, images.size(), () -> "");
        // collapse is looked for by the chief
        RunConfig quiet =
                ConfigLayers.of(config).overrides(List.of("sentinel.period=0")).resolve(images.size());
        this.config = topology.divided(quiet, images.size());
        this.providers = providers;
        this.progress = progress;
    }

    /** Ends after the step that is under way. */
    public void stop() {
        stopping = true;
    }

    /** Works until the run is over. */
    public void run() {
        Sessions.install(providers);
        int phase = 0;
        while (!stopping && phase < config.phaseCount()) {
            try {
                if (work(Phase.of(config, phase))) {
                    phase++;
                }
            } catch (RegroupException | LostStateException e) {
                progress.say(e.getMessage());
            }
        }
        client.leave();
        client.close();
    }

    /** Works on a phase; true if it is over. */
    private boolean work(Phase phase) {
        try (Trainer trainer = new Trainer(phase, FrozenTeacher.named(phase.config()), providers, topology)) {
            long step = trainer.begin(phase.first());
            while (!stopping) {
                boolean over = step >= phase.end();
                boolean chiefIsThere = trainer.ranks().first() > 0;
                if (over && (!phase.isLast() || !chiefIsThere)) {
                    return true;
                }
                if (over || !chiefIsThere) {
                    step = await(trainer, step, over);
                } else {
                    step = train(trainer, phase, step);
                }
            }
            return false;
        }
    }

    /** Waits until somebody comes or goes. */
    private long await(Trainer trainer, long step, boolean over) {
        if (!over) {
            progress.say("the worker that records the run is gone after step %d; waiting for it".formatted(step));
        }
        try {
            while (!stopping) {
                client.await();
            }
            return step;
        } catch (RegroupException e) {
            return trainer.beginAgain(step);
        }
    }

    private long train(Trainer trainer, Phase phase, long first) {
        StepNote about = topology.last().orElseThrow();
        trainer.slowDown(about.rateFactor());
        long step = first;
        progress.begin(phase.task(), first, phase.end());
        try (StepBatches batches =
                StepBatches.open(images, phase.config(), trainer.ranks(), about.dataSeed(), first, progress::say)) {
            while (step < phase.end() && !stopping) {
                try (StepBatches.Micro micro = batches.next()) {
                    progress.advance(step + 1, trainer.step(step, micro.batches()));
                    step++;
                } catch (RegroupException e) {
                    progress.say(e.getMessage());
                    return trainer.beginAgain(step);
                } catch (TroubleException e) {
                    progress.say(e.getMessage());
                    return await(trainer, step, true);
                }
            }
            trainer.settle(step);
        } catch (RegroupException e) {
            progress.say(e.getMessage());
            return trainer.beginAgain(step);
        } finally {
            progress.end();
        }
        return step;
    }
}
