/**
 * Near-duplicates: the same picture, altered. Start with {@link io.dino4j.data.curation.copy.CopyDescriptor}, an embedder whose vectors are near
 * for copies; {@link io.dino4j.data.curation.copy.CopyVerifier} looks at two images themselves;
 * {@link io.dino4j.data.curation.copy.Deduplication} makes groups of similar pairs and chooses what stays.
 *
 * <p>Vectors of any other embedder do as well. Nothing here knows a network, nor how neighbours are found.
 */
package io.dino4j.data.curation.copy;
