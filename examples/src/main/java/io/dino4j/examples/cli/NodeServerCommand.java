package io.dino4j.examples.cli;

import io.dino4j.train.cluster.ParameterServer;
import io.dino4j.train.cluster.server.Settings;
import io.dino4j.train.cluster.wire.Address;
import io.dino4j.train.cluster.wire.Wire;
import io.dino4j.train.config.ConfigException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A parameter server. */
@Command(
        name = "server",
        description =
                "Hold a range of the parameters of a run, with its moments and teacher. What the run is, the first worker says. Runs until it is ended; started again in the same --state, it goes on from its newest snapshot.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Example: the first of two servers",
            "  ./dino4j node server --shard 0/2 --listen 192.168.1.10:7700 --key-file run.key --state state/"
        })
final class NodeServerCommand implements Callable<Integer> {
    private static final Pattern SHARD = Pattern.compile("(\\d{1,4})/(\\d{1,4})");

    @Option(
            names = "--shard",
            required = true,
            paramLabel = "I/N",
            description = "Number of this server, from 0, of how many.")
    private String shard;

    @Option(
            names = "--listen",
            required = true,
            paramLabel = "HOST:PORT",
            description =
                    "Address of this machine, by which workers reach it (UDP). One that is not of this machine alone needs a key.")
    private String listen;

    @Mixin
    private WireOptions wire;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            defaultValue = "state",
            description = "Folder for snapshots; default ${DEFAULT-VALUE}.")
    private Path state;

    @Option(
            names = "--snapshot-steps",
            paramLabel = "N",
            defaultValue = "50",
            description =
                    "Steps between snapshots: as many are worked out again at most when a server is lost. Default ${DEFAULT-VALUE}.")
    private long snapshotSteps;

    @Option(
            names = "--stall-timeout",
            paramLabel = "S",
            defaultValue = "60",
            description =
                    "Seconds for which a worker may hold up the others, or be gone, before its work is shared among them. Default ${DEFAULT-VALUE}.")
    private long stallTimeout;

    @Option(
            names = "--max-staleness",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Steps that workers may be ahead of the updates; each takes memory. Default ${DEFAULT-VALUE}.")
    private int staleness;

    @Override
    public Integer call() throws Exception {
        Matcher m = SHARD.matcher(shard);
        if (!m.matches()) {
            throw new ConfigException(
                    "--shard is %s; a shard is written as 0/2: its number from 0, and how many there are"
                            .formatted(shard));
        }
        int number = Integer.parseInt(m.group(1));
        Settings settings = new Settings(
                number,
                Integer.parseInt(m.group(2)),
                state.resolve("server-" + number),
                snapshotSteps,
                Duration.ofSeconds(stallTimeout),
                staleness);
        AtomicBoolean stop = new AtomicBoolean();
        CountDownLatch over = new CountDownLatch(1);
        Thread interrupt = new Thread(() -> TrainingCommand.await(() -> stop.set(true), over), "dino4j-interrupt");
        Runtime.getRuntime().addShutdownHook(interrupt);
        try (Wire transport = wire.wire(NodeServerCommand::say);
                ParameterServer server = new ParameterServer(
                        transport,
                        Address.parse(listen),
                        wire.credentials("server-" + number),
                        settings,
                        Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors())),
                        NodeServerCommand::say)) {
            say("server %s listens on %s".formatted(shard, listen));
            server.run(() -> stop.get() || Thread.interrupted());
        } finally {
            over.countDown();
            TrainingCommand.removeHook(interrupt);
        }
        return 0;
    }

    private static void say(String line) {
        System.err.println(line);
    }
}
