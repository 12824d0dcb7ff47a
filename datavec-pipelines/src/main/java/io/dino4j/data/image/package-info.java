/**
 * 8-bit RGB images: decoding, and the augmentations of the DINOv2 recipe with the arithmetic of Pillow and torchvision.
 * Start with {@link io.dino4j.data.image.Transform}: a function (image, generator) → image that is also a DataVec
 * {@code ImageTransform}. Every transform has a deterministic form (a static method that takes the drawn parameters).
 *
 * <p>Must not depend on the packages {@code crop} and {@code source}.
 */
package io.dino4j.data.image;
