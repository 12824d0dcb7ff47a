package io.dino4j.train;

/** Told of gradients during the backward pass, as soon as they are final, so that they may travel while the others are worked out. */
@FunctionalInterface
interface GradientListener {
    /**
     * Elements of the flat vector of gradients are final. To be done with quickly: the backward pass waits.
     *
     * @param from first element
     * @param to one past the last
     */
    void ready(long from, long to);
}
