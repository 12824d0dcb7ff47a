/**
 * Image search in the browser: the nearest pictures of a set, patches alike across it, near-duplicates, colours of patch features. Begin with
 * {@link io.dino4j.examples.serve.SearchServer}. An {@code ImageIndex} is what is on the disk, an {@code ImageSearch} asks it, and the server
 * gives the answers as JSON to a page that is part of the jar.
 */
package io.dino4j.examples.serve;
