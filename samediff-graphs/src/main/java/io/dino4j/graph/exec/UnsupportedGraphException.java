package io.dino4j.graph.exec;

/** A graph, or an op in it, that cannot be compiled into a plan; the stock session can still run it. */
final class UnsupportedGraphException extends IllegalArgumentException {
    UnsupportedGraphException(String message) {
        super(message);
    }

    UnsupportedGraphException(String message, Throwable cause) {
        super(message, cause);
    }
}
