/**
 * Pictures of what a backbone makes of an image. {@link io.dino4j.zoo.picture.PatchPca} turns patch features into colours,
 * {@link io.dino4j.zoo.picture.PartMatches} finds the same parts in two images, {@link io.dino4j.zoo.picture.AttentionMaps} shows where
 * the cls token looks; the classes whose names end in Picture and {@link io.dino4j.zoo.picture.ContactSheet} draw them. All of it works
 * on {@link io.dino4j.zoo.PatchFeatures}, whoever computed them.
 */
package io.dino4j.zoo.picture;
