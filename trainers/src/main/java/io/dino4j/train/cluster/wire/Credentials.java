package io.dino4j.train.cluster.wire;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What one end shows the other.
 *
 * @param key empty on loopback alone
 * @param version of the program; both ends must have the same
 * @param configHash of the run; empty at a server that is told later, which then takes any
 * @param name of the process, for messages
 */
public record Credentials(Optional<Key> key, String version, String configHash, String name) {
    /** Bytes of each of the strings. */
    static final int MOST = 255;

    /**
     * What one end shows.
     *
     * @throws IllegalArgumentException if a text is longer than 255 bytes or the name is empty
     */
    public Credentials {
        for (String text : new String[] {version, configHash, name}) {
            if (text.getBytes(StandardCharsets.UTF_8).length > MOST) {
                throw new IllegalArgumentException(
                        "%.40s...: version, config hash and name have at most %d bytes".formatted(text, MOST));
            }
        }
        if (name.isBlank()) {
            throw new IllegalArgumentException("a process needs a name");
        }
    }

    Key keyFor(Address address) {
        if (key.isEmpty() && !address.isLoopback()) {
            throw new IllegalArgumentException(
                    "%s can be reached from other machines and needs a key: give a key file, or use 127.0.0.1"
                            .formatted(address));
        }
        return key.orElse(Key.NONE);
    }
}
