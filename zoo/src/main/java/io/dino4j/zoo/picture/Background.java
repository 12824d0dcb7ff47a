package io.dino4j.zoo.picture;

/** What patches that are no foreground look like. */
public enum Background {
    /** Coloured by the axes of the foreground. */
    KEEP(-1),
    /** Black. */
    BLACK(0),
    /** White. */
    WHITE(255);

    private final int level;

    Background(int level) {
        this.level = level;
    }

    /** A colour value with the background faded in: {@code cover} 0 for foreground, 1 for background. */
    int over(int value, double cover) {
        return this == KEEP ? value : (int) Math.round(value + cover * (level - value));
    }
}
