package io.dino4j.examples.cli;

import io.dino4j.train.ClusterOptions;
import io.dino4j.train.cluster.WireDialer;
import io.dino4j.train.cluster.wire.Address;
import io.dino4j.train.cluster.wire.Wire;
import io.dino4j.train.config.ConfigException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a worker takes part in a run of several processes. */
final class ClusterMixin {
    private static final String THRESHOLD = "threshold:";

    @Option(
            names = "--servers",
            split = ",",
            paramLabel = "HOST:PORT",
            description =
                    "Train with parameter servers that listen here, in the order of their numbers (see node server).")
    private List<String> servers = new ArrayList<>();

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "Workers that the run begins with; default train.world_size.")
    private Integer workers;

    @Option(
            names = "--gradients",
            paramLabel = "FORM",
            defaultValue = "f32",
            description =
                    "How gradients travel: f32, bf16 (half of the bytes), or threshold:T (only those that have grown to T, as plus or minus T). Default ${DEFAULT-VALUE}.")
    private String gradients;

    @Option(
            names = "--max-staleness",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Updates that a worker does not wait for before it begins with the next step; the servers must allow as many. Default ${DEFAULT-VALUE}: the same weights as in one process.")
    private int staleness;

    @Mixin
    private WireOptions wire;

    /** See the option. */
    int staleness() {
        if (staleness < 0) {
            throw new ConfigException("--max-staleness is %d; allowed: 0 or more".formatted(staleness));
        }
        return staleness;
    }

    /** What all workers of a cluster must be told alike. */
    List<String> shared() {
        return List.of("--gradients", gradients, "--max-staleness", Integer.toString(staleness()));
    }

    /** True if there are servers. */
    boolean isOn() {
        return !servers.isEmpty();
    }

    /** Workers, if the user says. */
    int workers(int worldSize) {
        return workers == null ? worldSize : workers;
    }

    /** The transport of this process. */
    Wire wire(Consumer<String> say) throws IOException {
        return wire.wire(say);
    }

    /** The way to the servers. */
    WireDialer dialer(Wire transport, String name) throws IOException {
        List<Address> addresses = servers.stream().map(Address::parse).toList();
        return new WireDialer(transport, addresses, wire.credentials(name));
    }

    /** How this process takes part. */
    ClusterOptions options(boolean chief, int worldSize) {
        return new ClusterOptions(chief, servers.size(), workers(worldSize), staleness, form(), threshold());
    }

    private ClusterOptions.Gradients form() {
        if (gradients.startsWith(THRESHOLD)) {
            return ClusterOptions.Gradients.THRESHOLD;
        }
        return switch (gradients) {
            case "f32" -> ClusterOptions.Gradients.F32;
            case "bf16" -> ClusterOptions.Gradients.BF16;
            default -> throw new ConfigException(
                    "--gradients is %s; allowed: f32, bf16, threshold:0.001 or another threshold".formatted(gradients));
        };
    }

    private float threshold() {
        if (!gradients.startsWith(THRESHOLD)) {
            return 0;
        }
        try {
            float t = Float.parseFloat(gradients.substring(THRESHOLD.length()));
            if (t > 0 && Float.isFinite(t)) {
                return t;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new ConfigException("--gradients is %s; a threshold is a number above 0".formatted(gradients));
    }
}
