package io.dino4j.examples.serve;

/** A request that is not answered, and why, in one line. */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * A refusal.
     *
     * @param status of HTTP, 400 to 599
     * @param reason one line for whoever asked
     */
    Refusal(int status, String reason) {
        super(reason);
        this.status = status;
    }

    int status() {
        return status;
    }
}
