package io.dino4j.zoo.picture;

/** How the first principal component parts foreground from background. */
public enum Parting {
    /**
     * The paper's: one component over the patches of all images, measured from the mean of all. For images of one kind of object; with
     * very different images it tends to part one image from another instead.
     */
    ALL,
    /**
     * One component over the patches of all images, each patch measured from the mean of its own image: what differs between images as
     * wholes plays no part, and every image has foreground and background.
     */
    EACH,
    /** No foreground: all patches are coloured. */
    NONE
}
