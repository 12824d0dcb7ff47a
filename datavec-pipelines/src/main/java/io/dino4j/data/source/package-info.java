/**
 * Where pictures come from. Start with {@link io.dino4j.data.source.ImageSource}: an indexed, immutable list of images
 * with labels; {@link io.dino4j.data.source.ImageFolder} reads files, {@link io.dino4j.data.source.RenderedShapes}
 * draws a built-in set.
 *
 * <p>Must not depend on the package {@code crop}, nor on the network.
 */
package io.dino4j.data.source;
