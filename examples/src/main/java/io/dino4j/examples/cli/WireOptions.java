package io.dino4j.examples.cli;

import io.dino4j.train.cluster.wire.Credentials;
import io.dino4j.train.cluster.wire.Key;
import io.dino4j.train.cluster.wire.Wire;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** How a process of a cluster reaches the others. */
final class WireOptions {
    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            description =
                    "The secret of the run, the same on all machines: any 32 bytes or more that only you can read (head -c 32 /dev/urandom > run.key; chmod 600 run.key). May be left out where all addresses are of this machine.")
    private Path keyFile;

    @Option(names = "--aeron-dir", hidden = true)
    private Path aeronDir;

    /** The transport of this process; of another one's media driver if it was told so. */
    Wire wire(Consumer<String> say) throws IOException {
        return aeronDir == null ? Wire.embedded(say) : Wire.shared(aeronDir, say);
    }

    /** What this process shows the others. */
    Credentials credentials(String name) throws IOException {
        Optional<Key> key = keyFile == null ? Optional.empty() : Optional.of(Key.read(keyFile));
        return new Credentials(key, new InfoCommand.Version().getVersion()[0], "", name);
    }
}
