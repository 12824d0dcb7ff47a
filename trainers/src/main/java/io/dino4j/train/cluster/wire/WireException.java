package io.dino4j.train.cluster.wire;

import java.io.IOException;

/** A peer that is not reached, or a connection that is lost. The message is one line and names the address. */
public final class WireException extends IOException {
    private static final long serialVersionUID = 1L;

    WireException(String message) {
        super(message);
    }

    WireException(String message, Throwable cause) {
        super(message, cause);
    }
}
