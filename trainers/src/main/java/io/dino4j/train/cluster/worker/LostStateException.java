package io.dino4j.train.cluster.worker;

/** The servers have lost the state of the run, and this worker's own is not whole: the run goes on from its newest checkpoint. */
public final class LostStateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LostStateException() {
        super("the servers have lost the state of the run");
    }
}
