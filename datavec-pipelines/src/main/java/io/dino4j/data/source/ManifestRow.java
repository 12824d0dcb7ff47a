package io.dino4j.data.source;

/**
 * What is known of one image of a set.
 *
 * @param location where its bytes are
 * @param width in pixels, positive
 * @param height in pixels, positive
 * @param bytes length of the encoded image
 * @param sha256 of the encoded image, 64 hexadecimal digits in lower case
 * @param label name of its class; empty if it has none
 * @param weight how often it is to be seen, relative to others; positive, usually 1
 */
public record ManifestRow(
        Location location, int width, int height, long bytes, String sha256, String label, float weight) {}
