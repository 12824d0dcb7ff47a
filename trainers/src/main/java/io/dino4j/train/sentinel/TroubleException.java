package io.dino4j.train.sentinel;

/** A run that has gone wrong: a number that is not finite, or a collapse. The message names step, number, value and limit. */
public final class TroubleException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long step;
    private final long goodUpTo;
    private final String remedy;

    TroubleException(String message, long step, long goodUpTo, String remedy) {
        super(message);
        this.step = step;
        this.goodUpTo = goodUpTo;
        this.remedy = remedy;
    }

    /** The step in which it was found. */
    public long step() {
        return step;
    }

    /** Checkpoints of later steps are not to be trusted; -1 if none is. */
    public long goodUpTo() {
        return goodUpTo;
    }

    /** What usually helps, to follow "try". */
    public String remedy() {
        return remedy;
    }
}
