package io.dino4j.examples.benchmark;

/** The stock network could not be measured; the message says why. */
final class StockFailure extends Exception {
    StockFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
