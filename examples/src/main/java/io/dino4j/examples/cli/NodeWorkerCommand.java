package io.dino4j.examples.cli;

import io.dino4j.examples.option.KernelsOption;
import io.dino4j.train.ClusterWorker;
import io.dino4j.train.cluster.wire.Wire;
import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A worker of a run that another process records. */
@Command(
        name = "worker",
        description =
                "Work out a part of every step of a run. Images and configuration must be those of the process that records the run (pretrain --servers), whose config.yaml may be given; it may come and go.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j node worker --servers a:7700,b:7700 --key-file run.key --workers 2 --images photos/ --preset vits14",
            "  ./dino4j node worker --servers a:7700,b:7700 --key-file run.key --images photos/ --config config.yaml"
        })
final class NodeWorkerCommand implements Callable<Integer> {
    @Mixin
    private ClusterMixin cluster;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description =
                    "Name of this worker, unique in the run; default host and process id. Under its name it gets its work back.")
    private String name;

    @Mixin
    private RunOptions options;

    @Mixin
    private KernelsOption kernels;

    @Override
    public Integer call() throws Exception {
        if (!cluster.isOn()) {
            throw new ConfigException("--servers is missing: the addresses of the parameter servers");
        }
        String usual = PretrainCommand.usualPreset(options.hasImages());
        ConfigLayers layers = options.begin(usual, List.of(), List.of());
        TrainingImages set = TrainingImages.of(layers.resolve().train().datasetPath());
        int count = set.source().size();
        RunConfig config = layers.resolve(count);
        String own = "worker-" + (name == null ? unique() : name);
        try (ConsoleProgress progress = new ConsoleProgress(System.err);
                Wire transport = cluster.wire(progress::say)) {
            ClusterWorker worker = new ClusterWorker(
                    config,
                    set.source(),
                    own,
                    cluster.dialer(transport, own),
                    cluster.options(false, config.train().worldSize()),
                    kernels.list(),
                    progress);
            progress.say("%s: %d images, waiting for the run".formatted(own, count));
            worker.run();
        }
        return 0;
    }

    private static String unique() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            host = "host";
        }
        return host + "-" + ProcessHandle.current().pid();
    }
}
