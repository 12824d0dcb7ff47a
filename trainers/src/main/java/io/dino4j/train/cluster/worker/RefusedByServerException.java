package io.dino4j.train.cluster.worker;

import java.io.IOException;

/** A server does not take this worker, or not what it asks; trying again is of no use. The message is one line for people. */
public final class RefusedByServerException extends IOException {
    private static final long serialVersionUID = 1L;

    /** With the reason. */
    public RefusedByServerException(String message) {
        super(message);
    }
}
