package io.dino4j.train.cluster.wire;

import java.io.IOException;

/** The server does not take this client. The message is one line: the address and the server's reason. Trying again is of no use. */
public final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
        super(message);
    }
}
