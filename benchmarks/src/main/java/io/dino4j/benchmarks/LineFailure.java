package io.dino4j.benchmarks;

/** A line that could not be measured; its message says why. */
final class LineFailure extends Exception {
    private static final long serialVersionUID = 1;

    LineFailure(String message) {
        super(message);
    }

    LineFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
